"""The panel for people: menus, lists, forms and reports as plain HTML, drawn from the merged metadata."""
