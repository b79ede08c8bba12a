Characters that are seen stay as they are.

  $ echo 'naïve 日本語 😀'
  naïve 日本語 😀
  $ printf '\303\251\n'
  é
  $ echo 'café'
  caf? (glob)
  $ echo '日本'
  .. (re)
