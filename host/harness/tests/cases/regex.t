Regular expressions match the whole line.

  $ echo 2024-02-29
  \d{4}-\d\d-\d\d (re)
  $ echo word
  (letter|word) (re)
  $ echo 'a.b'
  a\.b (re)
  $ printf 'one\ntwo\n'
  [eno]+ (re)
  t.o (re)
