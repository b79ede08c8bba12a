The folder is kept, and files stay.

  $ mkdir -p a/b
  $ cd a/b
  $ echo text > file
  $ cd ..
  $ ls b
  file
  $ cat b/file
  text
  $ cd no-such-folder
  *no-such-folder* (glob)
  [1]
  $ basename "$PWD"
  a
