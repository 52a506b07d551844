"""The panel's own functions. Importing this package fills the table of sandbox.core.registry."""

from sandbox.functions import (  # noqa: F401
    access,
    accounts,
    callbacks,
    lists,
    operations,
    orders,
    processing,
    renewal,
    service_edit,
    services,
    staff,
    staff_faults,
    tariffs,
    tasks,
)
