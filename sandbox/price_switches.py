"""Switches for what a purchase costs (additions-2.md i)."""

from __future__ import annotations

from sandbox.switch import Switch

PRICES = (
    Switch(
        "export_setup",
        ("nowhere", "attribute", "period"),
        "additions-2.md i.3",
        "where pricelist.export tells a tariff's setup fee: not at all, setup= of price, or a period of type setup",
    ),
    Switch(
        "order_discount",
        ("0", "50"),
        "additions-2.md i.5",
        "so many percent off the first term of each order, as its form shows; renewals have none",
        free=True,
    ),
    Switch(
        "order_form_rounds",
        ("nothing", "lines", "whole"),
        "selling-api.md 3.4",
        "what the order form's sum is rounded to: not at all, each add-on to the cent before it is added, or the sum "
        "to a whole amount",
    ),
    Switch(
        "tax_added",
        ("0", "20"),
        "additions-2.md i.7",
        "so many percent of tax on top of the prices of orders and renewals, which forms and charges have in them and "
        "the export has not",
        free=True,
    ),
)
