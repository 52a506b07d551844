"""The panel's own functions. Importing this package fills the table of sandbox.core.registry."""

from sandbox.functions import (  # noqa: F401
    access,
    accounts,
    callbacks,
    imports,
    list_filter,
    lists,
    module_commands,
    module_reports,
    operations,
    orders,
    processing,
    profiles,
    renewal,
    service_edit,
    services,
    staff,
    staff_faults,
    stock_edits,
    tariffs,
    tasks,
)
