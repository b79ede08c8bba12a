Standard error is compared together with standard output, in the order in which both were written.

  $ echo out; echo err >&2; echo out again
  out
  err
  out again
  $ no-such-command
  *no-such-command: command not found (glob)
  [127]
  $ cat no-such-file
  cat: *No such file or directory* (glob)
  [1]
