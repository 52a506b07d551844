"""What a module of the panel reads of a service's add-ons, straight from the tables (additions-2.md h.1)."""

from __future__ import annotations

from typing import Any

#: from the tariff to the service, as the vendor's own modules go: an add-on without a row of its own counts as well
LADDER = """
SELECT COALESCE(p.intname, t.intname) AS intname, CASE p.addontype
  WHEN 3 THEN COALESCE(chosen.intname, given.intname)
  WHEN 1 THEN COALESCE(a.boolvalue, p.addonbool)
  ELSE LEAST(
    IF(p.billtype = 3, COALESCE(a.addonmax, p.addonmax),
      COALESCE(a.addonlimit, p.addonlimit, 0) + COALESCE(a.intvalue, 0)),
    COALESCE(IF(i.period = -100, COALESCE(a.addonmaxtrial, p.addonmaxtrial), NULL), 9223372036854775807)) END AS value
FROM item i JOIN pricelist p ON p.parent = i.pricelist LEFT JOIN item a ON a.parent = i.id AND a.pricelist = p.id
LEFT JOIN itemtype t ON t.id = p.itemtype LEFT JOIN enumerationitem chosen ON chosen.id = a.enumerationitem
LEFT JOIN enumerationitem given ON given.id = p.enumerationitem
WHERE i.id = %s AND p.active = 'on' AND p.billtype NOT IN (4, 10) AND (p.compound IS NULL OR a.id IS NOT NULL)
"""


def counted(panel: Any, item: object) -> dict[str, str]:
    """By internal name: a whole number, `on` or `off`, the internal name of a choice; empty for nothing at all."""
    return {row["intname"]: str(row["value"] or "") for row in panel.rows(LADDER, item)}
