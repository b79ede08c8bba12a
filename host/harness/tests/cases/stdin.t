Standard input is empty, and not the rest of the case.

  $ cat
  $ read line
  [1]
  $ echo after
  after

A step may replace it for those below.

  $ echo text > file
  $ exec < file
  $ cat
  text
