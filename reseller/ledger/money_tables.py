"""The SQL of the tables of prices, charges and forecasts, with their migrations; schema.py runs it."""

from __future__ import annotations

#: `engine` is what each of our tables ends with
PRICES = """CREATE TABLE IF NOT EXISTS reseller_price (
    subject VARCHAR(16) NOT NULL,
    number INT NOT NULL,
    part VARCHAR(128) NOT NULL,
    currency VARCHAR(16) NOT NULL,
    pricelist INT NOT NULL,
    module INT NOT NULL,
    agreed DECIMAL(24, 10) NOT NULL,
    agreed_by VARCHAR(190) NOT NULL,
    agreed_at DATETIME(3) NOT NULL,
    seen DECIMAL(24, 10) NOT NULL,
    seen_at DATETIME(3) NOT NULL,
    PRIMARY KEY (subject, number, part, currency),
    KEY (module),
    KEY (pricelist)
) {engine}"""

EXPENSES = """CREATE TABLE IF NOT EXISTS reseller_expense (
    account INT NOT NULL,
    charge BIGINT NOT NULL,
    remote VARCHAR(32) NOT NULL,
    operation VARCHAR(32) NOT NULL,
    day DATE NOT NULL,
    amount DECIMAL(20, 4) NOT NULL,
    currency VARCHAR(16) NOT NULL,
    item INT NOT NULL,
    accepted_by VARCHAR(190) NOT NULL DEFAULT '',
    PRIMARY KEY (account, charge)
) {engine}"""

FORESEEN = """CREATE TABLE IF NOT EXISTS reseller_foreseen (
    account INT NOT NULL,
    currency VARCHAR(16) NOT NULL,
    day DATE NOT NULL,
    amount DECIMAL(20, 4) NOT NULL,
    noted DATETIME(3) NOT NULL,
    spent DECIMAL(20, 4) NULL,
    PRIMARY KEY (account, currency, day)
) {engine}"""

#: Two modules that sell one tariff buy at two sellers: each has its prices, and its problem of them. `units` is how
#: many of what the price is for one purchase may have.
OF_MODULES = (
    """ALTER TABLE reseller_price ADD COLUMN units DECIMAL(24, 10) NOT NULL DEFAULT 1,
    DROP PRIMARY KEY, ADD PRIMARY KEY (subject, number, part, currency, module)""",
    """ALTER TABLE reseller_problem ADD COLUMN part INT NOT NULL DEFAULT 0,
    DROP PRIMARY KEY, ADD PRIMARY KEY (subject, number, kind, part)""",
    "UPDATE reseller_problem SET part = module WHERE subject = 'pricelist' AND kind = 'dearer'",
)
