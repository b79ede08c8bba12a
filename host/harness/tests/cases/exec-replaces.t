`exec` of a program replaces the session.

  $ exec echo replaced
  replaced
