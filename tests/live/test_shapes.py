"""Receipts in the shapes that others read: PROV-O by rdflib and its own list of terms, references 000 and 001 by their members."""
# run: needs=postgres limit=600

import hashlib
import json
import sys

import servers
from project import Project, full_id
from tap import contains, equal, fails, main, test

assert servers.rdflib() is not None, "rdflib is not installed: ./configure --install-deps=test"
sys.path.insert(0, str(servers.rdflib()))

from rdflib import RDF, RDFS, Graph, Literal, URIRef  # pylint: disable=wrong-import-position,import-error
from rdflib.namespace import PROV, XSD  # pylint: disable=wrong-import-position,import-error

M1 = full_id("M-01")

# W3C PROV-O, section 4: what its properties are of, and what they lead to.
RULES = {
    "used": ("Activity", "Entity"),
    "wasGeneratedBy": ("Entity", "Activity"),
    "wasDerivedFrom": ("Entity", "Entity"),
    "wasAssociatedWith": ("Activity", "Agent"),
    "actedOnBehalfOf": ("Agent", "Agent"),
    "qualifiedAssociation": ("Activity", "Association"),
    "agent": ("Association", "Agent"),
    "hadRole": ("Association", None),
    "startedAtTime": ("Activity", None),
    "endedAtTime": ("Activity", None),
}
UNDER = {"Person": "Agent", "SoftwareAgent": "Agent"}


def project(tmp):
    p = Project(tmp)
    p.bundle("M-01", "CREATE SCHEMA app; CREATE TABLE app.t (id int);", rollback="DROP SCHEMA app CASCADE;\n")
    equal(p.run("build", "dev", "--intent=first", "--pr=PR-7").status, 0)
    return p


def shown(p, shape, what=M1):
    ran = p.run("receipt", "show", "dev", what, f"--shape={shape}")
    equal(ran.status, 0, ran.err)
    return ran.out


def receipt(p, what=M1):
    return json.loads(p.run("receipt", "show", "dev", what, "--json").out)


def graph_of(text):
    graph = Graph()
    graph.parse(data=text, format="json-ld")
    return graph


def faults(graph):
    """What PROV-O does not know, or does not allow there."""
    kinds = {}
    for node, kind in graph.subject_objects(RDF.type):
        name = str(kind).removeprefix(str(PROV))
        kinds.setdefault(node, set()).update({name, UNDER.get(name, name)})
    found = [f"{k} is no class" for of in kinds.values() for k in of if URIRef(f"{PROV}{k}") not in PROV]
    for subject, verb, thing in graph:
        if not str(verb).startswith(str(PROV)):
            continue
        name = str(verb).removeprefix(str(PROV))
        domain, reach = RULES.get(name, ("?", None))
        if verb not in PROV or domain not in kinds.get(subject, ()) or (reach and reach not in kinds.get(thing, ())):
            found.append(f"{subject} {name} {thing}")
    return found


@test
def prov_is_prov_o(tmp):
    p = project(tmp)
    graph = graph_of(shown(p, "prov"))
    equal(faults(graph), [])
    activity = next(graph.subjects(RDF.type, PROV.Activity))
    known = receipt(p)
    body = p.run("receipt", "show", "dev", M1, "--canonical").out.encode()
    equal(graph.value(activity, PROV.startedAtTime), Literal(known["started_at"], datatype=XSD.dateTime))
    used = {str(x).removeprefix("kfm://artifact/") for x in graph.objects(activity, PROV.used)}
    equal(used, {i["digest"] for i in known["claim"]["inputs"]})
    made = {str(x).removeprefix("kfm://artifact/") for x in graph.subjects(PROV.wasGeneratedBy, activity)}
    equal(made, {o["digest"] for o in known["claim"]["outputs"]} | {"sha256:" + hashlib.sha256(body).hexdigest()})
    labels = {str(x) for x in graph.objects(None, RDFS.label)}
    contains(labels, f"migrations/postgis/{M1}/forward.sql")


@test
def what_is_no_prov_o_is_noticed(tmp):
    text = shown(project(tmp), "prov")
    for old, new in (("prov:used", "prov:uses"), ("prov:Activity", "prov:Entity"), ("prov:SoftwareAgent", "prov:Program")):
        equal(len(faults(graph_of(text.replace(old, new)))) > 0, True, new)


@test
def every_kind_of_receipt_has_its_prov(tmp):
    p = project(tmp)
    equal(p.run("rollback", "dev", "--apply").status, 0)
    p.bundle("M-02", "CREATE TABLE nowhere.t (id int);")
    fails(p.build(), 1, "nowhere")
    rows = json.loads(p.run("receipt", "list", "dev", "--json").out)["receipts"]
    kinds = {receipt(p, str(row["sequence"]))["run_kind"] for row in rows}
    equal(len(rows) >= 4, True, rows)
    for row in rows:
        equal(faults(graph_of(shown(p, "prov", str(row["sequence"])))), [], row)
        json.loads(shown(p, "runbook", str(row["sequence"])))
    equal(kinds >= {"db_migration", "db_rollback", "contact"}, True, kinds)


@test
def the_runbook_and_ci_find_their_members(tmp):
    p = project(tmp)
    known = receipt(p)
    runbook = json.loads(shown(p, "runbook"))
    equal(sorted(runbook), ["actor", "ended_at", "links", "migrations", "notes", "repo", "result", "run_id", "run_kind", "started_at", "target"])
    equal((runbook["ended_at"], runbook["repo"]["pr"], runbook["result"]), (known["finished_at"], "PR-7", "success"))
    equal(runbook["migrations"], [{"id": M1, "sha256": known["migrations"][0]["sha256"].removeprefix("sha256:")}])
    audit = json.loads(shown(p, "ci"))
    equal(sorted(audit), ["applied_at", "checksums", "db_target", "git_sha", "migration_id", "result", "tool"])
    forward = p.path(f"migrations/postgis/{M1}/forward.sql").read_bytes()
    equal(audit["checksums"][f"migrations/postgis/{M1}/forward.sql"], hashlib.sha256(forward).hexdigest())


@test
def an_export_puts_the_shape_beside_the_receipt(tmp):
    p = project(tmp)
    equal(p.run("receipt", "export", "dev", "--shape=prov", "--to=evidence").status, 0)
    equal(faults(graph_of(p.path(f"evidence/{M1}/receipts/prov.jsonld").read_text(encoding="utf-8"))), [])
    equal(p.run("receipt", "export", "dev", "--shape=ci").status, 0)
    equal(json.loads(p.path(f"migrations/postgis/{M1}/receipts/ci_receipt.json").read_text(encoding="utf-8"))["migration_id"], M1)
    equal(p.run("receipt", "verify", "dev").status, 0)
    equal(p.run("plan", "dev", "--exit-code").status, 0, "the bundle is what was applied")
    equal(p.run("check").status, 0)


@test
def bad_requests(tmp):
    p = project(tmp)
    fails(p.run("receipt", "show", "dev", M1, "--shape=slsa"), 5, 'no shape "slsa"', "prov, runbook, ci")
    fails(p.run("receipt", "show", "dev", M1, "--shape=prov", "--canonical"), 5, "--canonical")
    fails(p.run("receipt", "verify", "dev", "--shape=prov"), 5, "show and export have it")
    fails(p.run("receipt", "show", "dev", "1", "--shape=ci"), 5, "is of migrations")


main()
