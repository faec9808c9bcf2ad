/* Alembic's migrations, made flat ones: rendered by Alembic itself, kept in state/alembic, read from there.
 * Owns: when they are rendered, the program that does it, and the files. What its output means:
 * sql/alembic.h. */
#ifndef KFMIG_FLOW_ALEMBIC_H
#define KFMIG_FLOW_ALEMBIC_H

#include "base/tell.h"
#include "load/load.h"

/* To be called by load_project() where the project declares alembic (p->alembic): state/alembic holds what
 * its files say now. Nothing is run where none of them changed. ctx: a struct ear, who may say stop. -1:
 * ERR_CONFIG, files or output that cannot be understood; ERR_PREFLIGHT, the program cannot be run, fails, or
 * prints without end; ERR_INTERRUPTED. What was rendered before stays. */
int alembic_render(struct project *p, void *ctx, struct err *e) MUST_CHECK;

#endif
