"""Notice that the run before was killed or crashed, by a lease never given back: one problem until a run ends."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from reseller.ledger import links, problems
from reseller.ledger.leases import Lease, lease
from reseller.ledger.problems import Cause, Problem
from reseller.lifecycle import problems as troubles
from reseller.sync.job import Job
from reseller.wire.errors import ResellerError


@contextlib.contextmanager
def watched_for_death(job: Job, held: Lease) -> Iterator[None]:
    """Hold the lease `run:<module>` around a full run, to notice a run that died.

    The lease of the module alone would not show it, since buttons and `audit --fix` take that one as well. If the lease
    `run:<module>` was never given back, the run before was killed or crashed: this is reported at once, and stays a
    problem until a run ends, whether that run succeeds or fails.
    """
    if job.mode.pending:
        yield
        return
    context, module, limits = job.context, job.module, job.context.limits
    death = Cause(problems.MODULE, module, problems.DIED)
    with lease(context.db, f"run:{module}", limits.run_seconds + limits.lease_seconds) as run_lease:
        if run_lease.left_by:
            params = {"module": str(module), "owner": run_lease.left_by}
            problem = Problem(death, module, "reseller_run_died", params, touches=tuple(links.some(context.db, module)))
            job.summary.problems.append(context.word(troubles.message(problem)))
            context.log.error(f"module {module}: the run before, {run_lease.left_by}, did not come to its end")
            with troubles.each(context):
                troubles.raise_(context, held, problem, at_once=False)
        try:
            yield
        finally:
            with contextlib.suppress(ResellerError):
                troubles.end(context, held, death)
