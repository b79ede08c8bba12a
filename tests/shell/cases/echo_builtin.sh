#### plain
echo
echo a b   c
echo 'a  b' "c"
echo ''
echo '' a
#### -n
echo -n a; echo b
echo -n; echo x
echo -nn c; echo
echo -n -n d; echo
#### -e
echo -e 'a\tb\nc'
echo -e '\\ \a\b' | od -An -c | tr -s ' '
echo -e 'x\e[0m\f\r\v' | od -An -c | tr -s ' '
#### -e numbers
echo -e '\0101 \x41 \u00e9 \U0001F600 \101'
echo -e '\x4 \x414 \01 \0' | od -An -c | tr -s ' '
#### -e and stop
echo -e 'a\cb'; echo after
echo -e 'one' 'two\c' three; echo
#### -E
echo -E 'a\tb'
echo -eE 'a\tb'
echo -Ee 'a\tb'
#### combined options
echo -ne 'a\tb'; echo
echo -en 'x\ny'; echo
echo -neE 'z\t'; echo
#### what is no option
echo -x
echo -nx
echo - a
echo -- a
echo -e- b
echo a -n
echo "-n " b
#### backslashes without -e
echo 'a\nb' 'c\\d'
echo a\nb
#### quotes and variables
x='-n'
echo $x a; echo
echo "$x" b; echo
y='-n c'
echo "$y"
echo $y; echo
#### unknown escapes with -e
echo -e 'a\zb\qc\"d'
#### status and write errors
(echo hi >&-) 2>/dev/null; echo $?
echo hi; echo $?
#### options from arrays
o=(-n -e)
echo "${o[@]}" 'a\tb'; echo
#### unicode
echo é 中 😀
echo -e '\u4e2d\u6587'
#### wildcard and empty
echo nomatch*
x=; echo "$x" $x end
#### long output
echo {1..2000} | wc -w | tr -d ' '
