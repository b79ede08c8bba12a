A case in a folder.

  $ echo nested
  nested
