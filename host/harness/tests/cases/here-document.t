Here-documents.

  $ cat <<END
  > $((1 + 1)) lines
  >   with 'quotes' and "quotes"
  > END
  2 lines
    with 'quotes' and "quotes"
  $ cat >file <<'END'
  > $not expanded
  > END
  $ cat file
  $not expanded
  $ wc -l <<< 'a string'
   *1 (re)
