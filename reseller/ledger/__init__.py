"""The add-on's own tables in the panel's database: links, requests, observations, problems, leases."""
