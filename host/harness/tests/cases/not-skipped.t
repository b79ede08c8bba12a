Only a session can be skipped, not a step.

  $ (exit 80)
  [80]
