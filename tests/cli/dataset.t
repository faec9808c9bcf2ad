# kfmig dataset: what the catalogs beneath the data roots say, and whether the artifacts are still what they were.

# Without data roots there is nothing, and a verb has to be one.
$ mkdir -p project/migrations && cd project && kfmig dataset
no dataset versions beneath the data roots
$ kfmig dataset list --json
{"datasets":[]}
$ kfmig dataset frame
kfmig: dataset knows no "frame"
  hint: kfmig dataset list, show or verify
[5]
$ kfmig dataset show
kfmig: `kfmig dataset show` takes one dataset version: ID or DATASET@ID
  hint: `kfmig help dataset` explains it
[5]
$ kfmig dataset verify one two
kfmig: `kfmig dataset verify` takes one dataset version at most: ID or DATASET@ID
  hint: `kfmig help dataset` explains it
[5]
$ kfmig dataset list all
kfmig: `kfmig dataset list` takes no arguments
  hint: `kfmig help dataset` explains it
[5]
$ kfmig dataset show 2026-02.1a2b3c4d
kfmig: no dataset version "2026-02.1a2b3c4d"
  hint: `kfmig dataset list` shows those there are
[1]
$ kfmig dataset show --steps=1
kfmig: `kfmig dataset` does not take --steps
  hint: `kfmig help dataset` lists its options
[5]

# A registry record with its payload.
$ sha() { sha256sum "$1" | sed 's/ .*//'; }
$ mkdir -p data/processed/water data/registry/datasets && echo '{"type":"FeatureCollection","features":[]}' >data/processed/water/basins.geojson
$ record() { cat >data/registry/datasets/basins.json; }
$ record <<END
> {"dataset_id": "kfm:dataset:water:basins", "dataset_version_id": "kfm:dataset-version:water:basins:2026-03-01",
>  "payload": {"path": "data/processed/water/basins.geojson", "sha256": "$(sha data/processed/water/basins.geojson)",
>   "byte_count": 43, "feature_count": 0, "media_type": "application/geo+json", "coordinate_reference_system": "OGC:CRS84"},
>  "record_status": "current", "rights_status": "public-domain", "sensitivity_status": "public"}
> END
$ kfmig dataset
basins  kfm:dataset-version:water:basins:2026-03-01  registry record     1 artifact, 0 features

# A promoted version, of restricted data.
$ v=2026-02.1a2b3c4d c=registry/data/catalog/wells/2026-02.1a2b3c4d p=registry/data/processed/wells/2026-02.1a2b3c4d
$ mkdir -p $p/artifacts $c/stac/items $c/prov && printf 'name,lon,lat\none,-98.5,38.25\n' >$p/artifacts/wells.csv
$ (cd $p && sha256sum artifacts/wells.csv) >$p/sha256sums.txt && d=sha256:$(sha $p/artifacts/wells.csv)
$ echo "{\"dataset_version_id\": \"$v\", \"bbox\": [-98.5, 38.25, -98.5, 38.25], \"counts\": {\"features\": 1}}" >$p/runtime_metadata.v1.json
$ a=data/processed/wells/$v/artifacts/wells.csv
$ cat >$c/stac/items/one.json <<END
> {"type": "Feature", "stac_version": "1.0.0", "id": "one", "bbox": [-98.5, 38.25, -98.5, 38.25],
>  "properties": {"kfm:dataset_version_id": "$v", "proj:code": "EPSG:4326", "license": "CC0-1.0"},
>  "assets": {"table": {"href": "$a", "type": "text/csv", "file:checksum": "$d"}}}
> END
$ cat >$c/dcat.jsonld <<END
> {"@type": "dcat:Dataset", "kfm:dataset_version_id": "$v", "kfm:policy_label": "restricted_sensitive_location",
>  "dcat:distribution": [{"dcat:downloadURL": "$a", "dcat:byteSize": 29, "kfm:digest": "$d"}]}
> END
$ echo "{\"@graph\": [{\"@type\": \"prov:Activity\"}, {\"@type\": \"prov:Entity\", \"prov:atLocation\": \"$a\", \"kfm:digest\": \"$d\"}]}" >$c/prov/bundle.jsonld
$ promote() {
>     for f in dcat.jsonld stac/items/one.json prov/bundle.jsonld; do
>         echo "{\"path\": \"data/catalog/wells/$v/$f\", \"digest\": \"sha256:$(sha $c/$f)\"}"
>     done | paste -sd, | sed "s|^.*$|{\"kfm_promotion_manifest_version\": \"v1\", \"dataset_slug\": \"wells\", \"dataset_version_id\": \"$v\", \"artifacts\": [{\"path\": \"$a\", \"digest\": \"$d\"}], \"catalogs\": [&], \"qa\": {\"status\": \"$1\"}, \"policy\": {\"policy_label\": \"restricted_sensitive_location\", \"decision_id\": \"decision:1\"}}|" >$c/promotion_manifest.v1.json
> }
$ promote pass && kfmig dataset list
basins  kfm:dataset-version:water:basins:2026-03-01  registry record     1 artifact, 0 features
wells   2026-02.1a2b3c4d                             promotion manifest  1 artifact, 1 feature, restricted
$ kfmig dataset show wells@$v
wells 2026-02.1a2b3c4d
  promotion manifest: registry/data/catalog/wells/2026-02.1a2b3c4d/promotion_manifest.v1.json
  evidence: dcat://wells@2026-02.1a2b3c4d
  content: 1 feature
  extent: withheld (restricted)
  license: CC0-1.0
  policy label: restricted_sensitive_location
  artifact: table
    path: registry/data/processed/wells/2026-02.1a2b3c4d/artifacts/wells.csv
    digest: sha256:3f315dfca2980a2d51f4651921e143b72aa74c4d4cefbed29c6573ac500fbeea
    size: 29 bytes
    media type: text/csv
    crs: EPSG:4326
  catalog: registry/data/catalog/wells/2026-02.1a2b3c4d/dcat.jsonld
    digest: sha256:f748d19eb33a06461e43d2ebb3fc66a98b40395cffd2a8b56330a8b135b8fb6f
  catalog: registry/data/catalog/wells/2026-02.1a2b3c4d/promotion_manifest.v1.json
    digest: sha256:5deaeb5ed1f5de445ef38c2772d929044df5e3ca6bcf2e2b053fb06d25d1af47
  catalog: registry/data/catalog/wells/2026-02.1a2b3c4d/prov/bundle.jsonld
    digest: sha256:407e37ebee1da3c7e84e47dbe63a76f3961610679421d4a30a64f3f49e29d76b
  catalog: registry/data/catalog/wells/2026-02.1a2b3c4d/stac/items/one.json
    digest: sha256:58631869813e6d7b5288387c1dc03c3e2e3e6ab16ed62d1f4571928b90b5617a
  catalog: registry/data/processed/wells/2026-02.1a2b3c4d/runtime_metadata.v1.json
    digest: sha256:e703b19a5d7afafe3ee56846e014d1a27f57ce13fc7639a6c58d3146a5fc74b4
  catalog: registry/data/processed/wells/2026-02.1a2b3c4d/sha256sums.txt
    digest: sha256:04f679327db8d1997d8790442ef71ecd74bd83232940333d6512d3242b2eef2a
$ kfmig dataset show dcat://wells@$v | cmp - <(kfmig dataset show $v) && kfmig dataset show lakes@$v
kfmig: no dataset version "lakes@2026-02.1a2b3c4d"
  hint: `kfmig dataset list` shows those there are
[1]
$ kfmig dataset show kfm:dataset-version:water:basins:2026-03-01
basins kfm:dataset-version:water:basins:2026-03-01
  registry record: data/registry/datasets/basins.json
  evidence: dcat://basins@kfm:dataset-version:water:basins:2026-03-01
  content: 0 features
  extent: not said
  rights: public-domain
  sensitivity: public
  artifact: basins
    path: data/processed/water/basins.geojson
    digest: sha256:6d18edfe75b3149104038dcbca4d0096bbcb923f0f9fa4b49f4815344e75bb90
    size: 43 bytes
    media type: application/geo+json
    crs: OGC:CRS84
  catalog: data/registry/datasets/basins.json
    digest: sha256:a317b315106938db616a316285057c5c071cd27a4d8152e3284c674226c5e96c
$ kfmig dataset list --json | jq -c '.datasets[] | [.id, .form, .features, .extent, .restricted, .policy_label, .artifacts[0].name, .artifacts[0].srid, (.catalogs | length)]'
["kfm:dataset-version:water:basins:2026-03-01","registry record",0,null,false,null,"basins",4326,1]
["2026-02.1a2b3c4d","promotion manifest",1,"withheld",true,"restricted_sensitive_location","table",4326,6]
# The output is the fixture that the schema dataset.v1 is tested with.
$ kfmig dataset list --json | jq . | diff "$KFMIG_SRC"/registry/fixtures/valid/dataset--list.json -
$ kfmig dataset show $v --json | grep -c 98.5
0
[1]

# Every artifact is read.
$ kfmig dataset verify
ok      sha256:6d18edfe75b3149104038dcbca4d0096bbcb923f0f9fa4b49f4815344e75bb90            43  data/processed/water/basins.geojson
ok      sha256:3f315dfca2980a2d51f4651921e143b72aa74c4d4cefbed29c6573ac500fbeea            29  registry/data/processed/wells/2026-02.1a2b3c4d/artifacts/wells.csv
$ kfmig dataset verify $v --json | jq -c '.datasets[].artifacts[] | [.path, .size, .verified]'
["registry/data/processed/wells/2026-02.1a2b3c4d/artifacts/wells.csv",29,true]
$ kfmig dataset verify --json | jq . | diff "$KFMIG_SRC"/registry/fixtures/valid/dataset--verify.json -

# A byte more, and a file that is gone.
$ echo >>$p/artifacts/wells.csv && mv data/processed/water/basins.geojson away && kfmig dataset verify
failed  sha256:3f315dfca2980a2d51f4651921e143b72aa74c4d4cefbed29c6573ac500fbeea            29  registry/data/processed/wells/2026-02.1a2b3c4d/artifacts/wells.csv
data/registry/datasets/basins.json:2:22: error: [CATALOG_FILE_MISSING] a file that the catalog names is not there: "data/processed/water/basins.geojson"
  hint: restore the file, or correct its path
registry/data/processed/wells/2026-02.1a2b3c4d/artifacts/wells.csv: error: [CATALOG_ARTIFACT_SIZE] an artifact does not have the size that the catalog gives: "registry/data/processed/wells/2026-02.1a2b3c4d/artifacts/wells.csv"
  hint: restore the artifact; a correction is a new dataset version
2 faults
[1]
$ kfmig dataset verify $v
failed  sha256:3f315dfca2980a2d51f4651921e143b72aa74c4d4cefbed29c6573ac500fbeea            29  registry/data/processed/wells/2026-02.1a2b3c4d/artifacts/wells.csv
registry/data/processed/wells/2026-02.1a2b3c4d/artifacts/wells.csv: error: [CATALOG_ARTIFACT_SIZE] an artifact does not have the size that the catalog gives: "registry/data/processed/wells/2026-02.1a2b3c4d/artifacts/wells.csv"
  hint: restore the artifact; a correction is a new dataset version
1 fault
[1]
$ kfmig dataset verify $v --json | jq -c '.datasets[].artifacts[] | [.path, .verified]'
{"error":{"code":"preflight","hint":"restore the artifact; a correction is a new dataset version","message":"[CATALOG_ARTIFACT_SIZE] an artifact does not have the size that the catalog gives: \"registry/data/processed/wells/2026-02.1a2b3c4d/artifacts/wells.csv\"","sqlstate":null,"where":"registry/data/processed/wells/2026-02.1a2b3c4d/artifacts/wells.csv"}}
["registry/data/processed/wells/2026-02.1a2b3c4d/artifacts/wells.csv",false]
$ printf 'name,lon,lat\none,-98.5,38.26\n' >$p/artifacts/wells.csv && mv away data/processed/water/basins.geojson && kfmig dataset verify $v --json 2>&1 >/dev/null | jq -c '.error | [.code, .where]'
["preflight","registry/data/processed/wells/2026-02.1a2b3c4d/artifacts/wells.csv"]
$ printf 'name,lon,lat\none,-98.5,38.25\n' >$p/artifacts/wells.csv && kfmig dataset verify $v
ok      sha256:3f315dfca2980a2d51f4651921e143b72aa74c4d4cefbed29c6573ac500fbeea            29  registry/data/processed/wells/2026-02.1a2b3c4d/artifacts/wells.csv

# A version is a target, too.
$ kfmig why dataset:wells/$v
dataset:wells/2026-02.1a2b3c4d@catalog is current

dataset:wells/2026-02.1a2b3c4d@catalog <- registry/data/catalog/wells/2026-02.1a2b3c4d/promotion_manifest.v1.json
  current: complete, and its catalogs agree
  artifact  sha256:3f315dfca2980a2d51f4651921e143b72aa74c4d4cefbed29c6573ac500fbeea  table
  next: `kfmig why dataset:wells/2026-02.1a2b3c4d@artifacts` compares every byte
$ kfmig why dataset:wells/$v@artifacts --json
{"chain":[{"cause":"registry/data/catalog/wells/2026-02.1a2b3c4d/promotion_manifest.v1.json","code":"current","detail":null,"now":null,"target":"dataset:wells/2026-02.1a2b3c4d@artifacts","was":null,"where":null}],"state":"current","target":"dataset:wells/2026-02.1a2b3c4d@artifacts"}
$ kfmig why dataset:wells/none
kfmig: no dataset version none of wells
  hint: `kfmig dataset list` shows those there are
[5]
$ kfmig why dataset:wells
kfmig: no target "dataset:wells"
  hint: name a version: dataset:DATASET/ID; `kfmig dataset list` shows them
[5]
$ cp $p/artifacts/wells.csv kept.csv && echo >>$p/artifacts/wells.csv && kfmig why dataset:wells/$v@artifacts
dataset:wells/2026-02.1a2b3c4d@artifacts is blocked

dataset:wells/2026-02.1a2b3c4d@artifacts <- registry/data/processed/wells/2026-02.1a2b3c4d/artifacts/wells.csv
  catalog_fault: [CATALOG_ARTIFACT_SIZE] an artifact does not have the size that the catalog gives: "registry/data/processed/wells/2026-02.1a2b3c4d/artifacts/wells.csv"
  next: restore the artifact; a correction is a new dataset version
$ mv kept.csv $p/artifacts/wells.csv

# What is not promoted is not there: exit 1.
$ promote fail && kfmig dataset list
basins  kfm:dataset-version:water:basins:2026-03-01  registry record     1 artifact, 0 features
registry/data/catalog/wells/2026-02.1a2b3c4d/promotion_manifest.v1.json:1:751: error: [CATALOG_QA_FAILED] the promotion manifest does not say that the quality checks passed: "qa.status" has to be "pass"
  hint: promote the version once its checks pass: "qa": {"status": "pass"}
1 fault
[1]
$ kfmig dataset show $v
registry/data/catalog/wells/2026-02.1a2b3c4d/promotion_manifest.v1.json:1:751: error: [CATALOG_QA_FAILED] the promotion manifest does not say that the quality checks passed: "qa.status" has to be "pass"
  hint: promote the version once its checks pass: "qa": {"status": "pass"}
1 fault
[1]

# An altered catalog.
$ promote pass && sed -i 's/CC0-1.0/CC-BY-4.0/' $c/stac/items/one.json && kfmig dataset show $v
registry/data/catalog/wells/2026-02.1a2b3c4d/promotion_manifest.v1.json:1:438: error: [CATALOG_FILE_ALTERED] a catalog file does not have the digest that was recorded for it: "registry/data/catalog/wells/2026-02.1a2b3c4d/stac/items/one.json" by the promotion manifest
  hint: restore the file as it was promoted, or promote a new version
1 fault
[1]
$ promote pass && kfmig dataset show $v | grep license
  license: CC-BY-4.0

# What is malformed: exit 5. The other versions are listed all the same.
$ sed -i 's/"current",/"current"/' data/registry/datasets/basins.json && kfmig dataset
wells  2026-02.1a2b3c4d  promotion manifest  1 artifact, 1 feature, restricted
data/registry/datasets/basins.json:4:1: error: [CATALOG_MALFORMED] not the strict JSON that kfmig reads: ',' or '}' is expected, not '"'
  hint: correct the file: UTF-8, no duplicate keys, at most 64 levels, complete
1 fault
[5]
$ kfmig dataset show $v | head -1
wells 2026-02.1a2b3c4d

# Only the declared data roots count.
$ printf 'data_roots: [registry/data]\nenvironments: {dev: {stores: {postgis: {dsn_ref: KFM_DSN}}}}\n' >registry/environments.v1.yml && kfmig dataset
wells  2026-02.1a2b3c4d  promotion manifest  1 artifact, 1 feature, restricted
$ rm registry/environments.v1.yml

# Symlinks are not followed.
$ rm data/registry/datasets/basins.json && mv $p/artifacts/wells.csv wells.csv && ln -s ../../../../../../wells.csv $p/artifacts/wells.csv && kfmig dataset show $v
registry/data/catalog/wells/2026-02.1a2b3c4d/dcat.jsonld:2:45: error: [CATALOG_SYMLINK] a symlink: "registry/data/processed/wells/2026-02.1a2b3c4d/artifacts/wells.csv" is one, or leads through one
  hint: replace the symlink by what it points to
registry/data/catalog/wells/2026-02.1a2b3c4d/promotion_manifest.v1.json:1:132: error: [CATALOG_SYMLINK] a symlink: "registry/data/processed/wells/2026-02.1a2b3c4d/artifacts/wells.csv" is one, or leads through one
  hint: replace the symlink by what it points to
registry/data/catalog/wells/2026-02.1a2b3c4d/prov/bundle.jsonld:1:85: error: [CATALOG_SYMLINK] a symlink: "registry/data/processed/wells/2026-02.1a2b3c4d/artifacts/wells.csv" is one, or leads through one
  hint: replace the symlink by what it points to
registry/data/catalog/wells/2026-02.1a2b3c4d/stac/items/one.json:3:31: error: [CATALOG_SYMLINK] a symlink: "registry/data/processed/wells/2026-02.1a2b3c4d/artifacts/wells.csv" is one, or leads through one
  hint: replace the symlink by what it points to
registry/data/processed/wells/2026-02.1a2b3c4d/sha256sums.txt:1:67: error: [CATALOG_SYMLINK] a symlink: "registry/data/processed/wells/2026-02.1a2b3c4d/artifacts/wells.csv" is one, or leads through one
  hint: replace the symlink by what it points to
5 faults
[5]

# An environment file that is at fault is said first.
$ mkdir -p registry && echo 'environments: []' >registry/environments.v1.yml && kfmig dataset
registry/environments.v1.yml:1:15: error: "environments": expected a map, found a list
  hint: map each environment's name to what it is: {dev: {stores: {postgis: {server: embedded}}}}
1 fault
kfmig: 1 fault in the project
  hint: `kfmig check` shows them together with warnings
[5]
