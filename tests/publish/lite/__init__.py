"""The course in the browser, built by ``make test-lite`` and looked at in Chromium."""
