"""The pages and forms of the panel, one file each; they hold no rules of their own."""
