A session that ends with 80 cannot be run here.

  $ [ -e /there/is/no/such/program ] || exit 80
  $ echo 'this is not run'
  and not compared
