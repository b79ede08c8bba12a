The last line may lack its newline.

  $ printf last; false
  last (no-eol)
  [1]