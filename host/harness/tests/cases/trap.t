What is written after the last step is expected at the end.

  $ trap 'echo bye' EXIT
  $ echo last
  last

This is at the end:
  bye
