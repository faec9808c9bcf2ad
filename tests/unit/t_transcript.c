/* layer: cli */
/* What is kept of what a run says: lines behind a time, no colours, no secrets. */
#include "project.h"
#include "report/transcript.h"
#include "tap.h"

#include <stdlib.h>
#include <sys/stat.h>

static struct arena a;

static const char *text_of(const char *path)
{
    struct bytes out = {0};
    struct err e = {0};
    return file_read(&a, project_fd, path, 1 << 20, &out, NULL, &e) == 0 ? out.p : "";
}

#define AT "2026-12-25T00:00:00.000000Z  "
#define KEY "AKIAIOSFODNN7REALKEY"

static void kept(void)
{
    struct err e = {0};
    transcript_text(bytes_str("said before\n"));
    ok(transcript_open(project_fd, "logs/a.log", "logs/b.jsonl", &e) == 0, "both are opened");
    ok(transcript_is_open(), "which is known");
    transcript_text(bytes_str("\033[1mone\033[0m line\nand \033[another"));
    transcript_text(bytes_str("key " KEY "\n\n"));
    transcript_tell(&(struct tell){.kind = TELL_NOTE, .what = "a note"});
    transcript_tell(&(struct tell){.kind = TELL_TICK});
    transcript_tell(&(struct tell){.kind = TELL_WARNING, .what = KEY});
    transcript_end("apply", 2);
    ok(transcript_close() == 0 && !transcript_is_open(), "and closed");
    transcript_text(bytes_str("said behind\n"));
    is_str(text_of("logs/a.log"),
           AT "one line\n" AT "and \n" AT
              "(a line with an AWS access key is left out, rule aws-access-key)\n" AT "\n",
           "the lines");
    is_str(text_of("logs/b.jsonl"),
           "{\"event\":\"note\",\"text\":\"a note\",\"time\":\"2026-12-25T00:00:00.000000Z\"}\n"
           "{\"event\":\"withheld\",\"rule\":\"aws-access-key\"}\n"
           "{\"event\":\"end\",\"mode\":\"apply\",\"status\":2,\"time\":\"2026-12-25T00:00:00."
           "000000Z\"}\n",
           "the events");
}

static void appended(void)
{
    struct err e = {0};
    struct stat st = {0};
    ok(transcript_open(project_fd, "logs/c.log", "logs/b.jsonl", &e) == 0, "once more");
    transcript_end("rollback", 0);
    ok(transcript_close() == 0 && strstr(text_of("logs/b.jsonl"), "a note") != NULL &&
           strstr(text_of("logs/b.jsonl"), "\"mode\":\"rollback\"") != NULL,
       "events are appended");
    ok(fstatat(project_fd, "logs/b.jsonl", &st, 0) == 0 && (st.st_mode & 0777) == 0600,
       "for their owner only");
}

static void refused(void)
{
    struct err e = {0};
    (void)symlinkat("/nowhere", project_fd, "logs/link.log");
    ok(transcript_open(project_fd, "logs/link.log", "logs/b.jsonl", &e) != 0 &&
           e.code == ERR_PREFLIGHT,
       "a symlink is not followed");
    ok(transcript_close() == 0 && !transcript_is_open(), "and nothing is open");
    project_put("file", "x");
    ok(transcript_open(project_fd, "logs/d.log", "file/b.jsonl", &e) != 0, "no folder there");
    (void)transcript_close();
}

/* A disk without room: what is missing is known at the end. */
static void short_of_room(void)
{
    struct err e = {0};
    int fd = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ok(transcript_open(fd, "full", "null", &e) == 0, "where there is no room");
    transcript_text(bytes_str("a line\n"));
    ok(transcript_close() != 0, "it is said that something is missing");
    (void)close(fd);
}

int main(void)
{
    tap_plan(13);
    (void)setenv("KFMIG_NOW", "1798156800", 1);
    project_start();
    kept();
    appended();
    refused();
    short_of_room();
    arena_release(&a);
    project_remove();
    return tap_done();
}
