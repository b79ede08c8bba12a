#### default IFS
x='  a  b	c
d  '
printf '<%s>' $x; echo
set -- $x; echo $#
#### non-blank IFS keeps empty fields
IFS=:
x='a::b:'
printf '<%s>' $x; echo
x=':a'
printf '<%s>' $x; echo
x='::'
printf '<%s>' $x; echo
x=':'
printf '<%s>' $x; echo
#### blank and non-blank IFS
IFS=' :'
x='a : b'
printf '<%s>' $x; echo
x=' a :: b '
printf '<%s>' $x; echo
x=' : a'
printf '<%s>' $x; echo
x='a  b: c'
printf '<%s>' $x; echo
#### empty IFS does not split
IFS=
x='a b	c'
printf '<%s>' $x; echo
#### unset IFS is the default
IFS=:
unset IFS
x='a b:c'
printf '<%s>' $x; echo
#### only expansions are split
IFS=x
printf '<%s>' axb; echo
v=axb
printf '<%s>' $v; echo
printf '<%s>' axb$v; echo
#### splitting joins with literal neighbours
x='a b'
printf '<%s>' 1${x}2; echo
x=' a b '
printf '<%s>' 1${x}2; echo
#### adjacent expansions
x='a ' y=' b'
printf '<%s>' $x$y; echo
x='a' y='b'
printf '<%s>' $x$y; echo
x='a b' y='c d'
printf '<%s>' $x$y; echo
#### no splitting in assignment
x='a  b'
y=$x
echo "$y"
z=$(echo 'c  d')
echo "$z"
#### no splitting in case and double bracket
x='a  b'
case $x in 'a  b') echo yes;; esac
[[ $x == 'a  b' ]] && echo yes
#### splitting of command substitution
printf '<%s>' $(printf 'a b\nc\n\n'); echo
printf '<%s>' "$(printf 'a b\nc\n\n')"; echo
IFS=,
printf '<%s>' $(echo a,b c,d); echo
#### splitting of arithmetic expansion
IFS=1
printf '<%s>' $((2132)); echo
#### quoted pieces stop the split
x='a b'
printf '<%s>' $x"$x"$x; echo
printf '<%s>' "$x"$x; echo
#### trailing and leading empty pieces
IFS=,
x='a,b,'
set -- $x; echo $#
x=',,a'
set -- $x; echo $#
printf '<%s>' "$@"; echo
x='a,b,,'
set -- $x; echo $#
#### trailing separator with neighbour
IFS=,
x='a,'
printf '<%s>' $x''; echo
printf '<%s>' $x"b"; echo
printf '<%s>' "b"$x; echo
#### for loops split
x='1 2 3'
for i in $x; do echo "i=$i"; done
for i in "$x"; do echo "q=$i"; done
IFS=2
for i in $x; do echo "<$i>"; done
#### splitting then globbing
touch aa ab b
x='a* b?'
echo $x
echo "$x"
set -f
echo $x
#### IFS changes are seen at once
x=a:b
IFS=: ; printf '<%s>' $x; echo
IFS=' '; printf '<%s>' $x; echo
#### IFS with a backslash
IFS='\'
x='a\b\c'
printf '<%s>' $x; echo
#### IFS with a multibyte character
IFS=é
x='aébéc'
printf '<%s>' $x; echo
#### newline only IFS
IFS='
'
x='a b
c d'
for l in $x; do echo "<$l>"; done
#### IFS with glob characters
IFS='*'
x='a*b*c'
printf '<%s>' $x; echo
#### join with star uses the first character
set -- a b c
IFS=:,
echo "$*"
IFS=
echo "$*"
unset IFS
echo "$*"
IFS=' '
echo "$*"
#### unquoted star and at with empty IFS
set -- 'a b' '' c
IFS=
printf '<%s>' $*; echo
printf '<%s>' $@; echo
printf '<%s>' "$*"; echo
#### unquoted at splits
set -- 'a b' '' 'c  d'
printf '<%s>' $@; echo
printf '<%s>' $*; echo
printf '<%s>' "$@"; echo
#### unquoted star with other IFS
IFS=-
set -- a-b 'c d' ''
printf '<%s>' $*; echo
printf '<%s>' $@; echo
printf '<%s>' "$*"; echo
#### assigning star and at
IFS=:
set -- a 'b c' d
x=$*; echo "$x"
x=$@; echo "$x"
x="$*"; echo "$x"
x="$@"; echo "$x"
#### array star joins with IFS
IFS=,
a=(1 2 3)
echo "${a[*]}"
x=${a[*]}; echo "$x"
printf '<%s>' ${a[*]}; echo
#### read and IFS trimming
IFS=, read -r a b c <<< ' x , y , z '
printf '<%s>' "$a" "$b" "$c"; echo
read -r a b <<< '  x   y z  '
printf '<%s>' "$a" "$b"; echo
#### an empty default does not give a field
unset x
printf '<%s>' ${x:-} a; echo
printf '<%s>' ${x:-""} a; echo
printf '<%s>' "${x:-}" a; echo
#### default words split
unset x
printf '<%s>' ${x:-a b c}; echo
printf '<%s>' ${x:-"a b" c}; echo
IFS=,
printf '<%s>' ${x:-a,b}; echo
y=a,b
printf '<%s>' ${x:-$y}; echo
printf '<%s>' ${x:-"$y"}; echo
#### whitespace in IFS is only what is in IFS
IFS=' '
x=$'a\tb c\nd'
set -- $x
echo $#
printf '<%q>' "$@"; echo
#### redirect target is not split into two
x='a b'
echo hi > "$x"
ls
#### splitting only digits
IFS=0123456789
x=a1b22c
printf '<%s>' $x; echo
#### path like strings
p=/usr/local/bin
IFS=/
set -- $p
echo $#
printf '<%s>' "$@"; echo
#### splitting result with tilde and brace characters
x='~ {a,b}'
printf '<%s>' $x; echo
#### temporary IFS in a function
split() { local IFS=$1; set -- $2; printf '<%s>' "$@"; echo; }
split : a:b:c
split , 'a,b c'
x='a b'; printf '<%s>' $x; echo
#### IFS in a subshell
x=a:b
( IFS=:; printf '<%s>' $x; echo )
printf '<%s>' $x; echo
#### counting fields
count() { echo $#; }
x=' a  b '
count $x
count "$x"
count $x$x
count "$x"$x
count ''$x
count $x''
