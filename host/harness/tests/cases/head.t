#!glowplug: cacheable timeout=30s retries=1
The head says how the case is run.

  $ echo head
  head
