#### quoted at keeps arguments
set -- 'a b' c '' 'd  e'
printf '<%s>' "$@"; echo
for a in "$@"; do echo "[$a]"; done
for a; do echo "($a)"; done
#### quoted star joins
set -- 'a b' c '' d
printf '<%s>' "$*"; echo
for a in "$*"; do echo "[$a]"; done
#### no arguments
set --
f() { echo $#; }
f "$@"
f "$*"
f $@
f $*
f "x$@"
f "$@$@"
#### at with neighbours
set -- 1 2 3
printf '<%s>' "a$@b"; echo
printf '<%s>' "$@$@"; echo
printf '<%s>' "a $* b"; echo
printf '<%s>' x"$@"; echo
#### at in assignment
set -- 'a b' c
x="$@"; echo "$x"
x=$@; echo "$x"
IFS=-
x="$@"; echo "$x"
x="$*"; echo "$x"
#### at in double brackets and case
set -- a b
case "$@" in 'a b') echo joined;; esac
[[ "$*" == 'a b' ]] && echo joined
#### substring of at
set -- a b c d e
echo "${@:2}" "|" "${@:2:2}" "|" "${@: -2}" "|" "${@:5}" "|" "${@:6}"
printf '<%s>' "${@:3:1}"; echo
printf '<%s>' "${*:2:3}"; echo
#### substring of at from zero
set -- a b
echo "${@:0}"
echo "${@:0:1}"
echo "${*:0:2}"
#### length of at
set -- a bb ccc
echo ${#@} ${#*} $#
set --
echo ${#@} ${#}
#### operators apply to each
set -- foo.c bar.c baz.h
printf '<%s>' "${@%.c}"; echo
printf '<%s>' "${@#ba}"; echo
printf '<%s>' "${@/o/0}"; echo
printf '<%s>' "${@^}"; echo
printf '<%s>' "${*%.?}"; echo
#### defaults with at
set --
printf '<%s>' "${@:-none}"; echo
printf '<%s>' "${*-none}"; echo
set -- ''
printf '<%s>' "${@:-none}"; echo
printf '<%s>' "${@-none}"; echo
set -- '' ''
printf '<%s>' "${@:-none}"; echo
printf '<%s>' "${@+set}"; echo
#### alternative idiom
f() { printf '<%s>' ${1+"$@"}; echo; }
f
f 'a b' c
#### last argument idioms
set -- a b 'c d'
echo "${!#}" "${@: -1}" "${@:$#}" "${@:$#:1}"
#### all but the last
set -- a b c
printf '<%s>' "${@:1:$#-1}"; echo
set -- "${@:1:$(($#-1))}"
echo "$#" "$@"
#### rotating arguments
set -- a b c
set -- "$@" "$1"; shift
echo "$@"
set -- "${@: -1}" "${@:1:$#-1}"
echo "$@"
#### inserting arguments
set -- a c
set -- "$1" b "$2"
echo "$@"
set -- first "$@" last
echo "$@" $#
#### passing through functions
outer() { inner "$@"; }
inner() { echo $#; printf '<%s>' "$@"; echo; }
outer 'a b' '' "c'd"
#### star with null IFS in quotes
set -- a b c
IFS=
echo "$*"
IFS=xyz
echo "$*"
echo "$@"
#### quoted star in an array
set -- a b 'c d'
arr=("$@"); echo ${#arr[@]}
arr=("$*"); echo ${#arr[@]}
arr=($@); echo ${#arr[@]}
arr=("x$@y"); printf '<%s>' "${arr[@]}"; echo
#### at in here-documents
set -- 'a  b' c
IFS=-
cat <<E
$@
$*
"$@"
E
cat <<< "$@"
cat <<< $*
#### arguments with dashes
f() { for a in "$@"; do case $a in -*) echo "opt $a";; *) echo "arg $a";; esac; done; }
f -x --long=5 a - --
#### reverse arguments
rev() { local i; for ((i = $#; i > 0; i--)); do printf '%s ' "${!i}"; done; echo; }
rev a b c
rev
rev one
#### eval with at
set -- 'a b' c
eval 'printf "<%s>" "$@"'; echo
eval "printf '<%s>' $*"; echo
#### at of a function is its own
f() { echo "f: $*"; set -- x y; echo "f: $*"; }
set -- 1 2 3
f a b
echo "main: $*"
#### unquoted with empty arguments
set -- '' a '' b ''
printf '<%s>' $@; echo
printf '<%s>' $*; echo
set -- $@
echo $#
#### unquoted with glob
touch x1 x2
set -- 'x*' 'y*'
echo $@
echo "$@"
echo $*
#### quote each with at-Q
set -- 'a b' "c'd" ''
echo "${@@Q}"
echo "${*@Q}"
eval "set -- ${*@Q}"
echo $#
#### at with pattern substitution anchors
set -- abc xbc
printf '<%s>' "${@/#a/A}"; echo
printf '<%s>' "${@/%c/C}"; echo
printf '<%s>' "${@//[bc]}"; echo
#### join function
join() { local IFS=$1; shift; echo "$*"; }
join , a b c
join / usr local bin
join '' a b c
join , only
#### multi-character join
joinm() { local d=$1 f=${2-}; shift 2 && printf %s "$f" "${@/#/$d}"; echo; }
joinm ', ' a b c
joinm ' -> ' x
#### nested at in defaults
set -- 'p q' r
unset v
printf '<%s>' "${v:-$@}"; echo
printf '<%s>' ${v:-"$@"}; echo
printf '<%s>' "${v-"$@"}"; echo
#### star in arithmetic
set -- 3 + 4
echo $(($*))
echo $(( $# * 2 ))
