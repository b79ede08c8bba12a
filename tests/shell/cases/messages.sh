#### command not found
exec 2>&1
nosuch_m
echo a; nosuch_m b

nosuch_m
#### inside of functions and substitutions
exec 2>&1
f() {
  nosuch_f
}
f
x=$(nosuch_s)
(nosuch_sub)
#### no such file
exec 2>&1
./nosuch
. ./nosuch
cd nosuch
: < nosuch
#### permission and folders
exec 2>&1
echo > f; ./f
mkdir d; ./d
: > d
cd f
#### readonly
exec 2>&1
readonly r=1
(r=2)
(unset r)
(readonly r=3)
(export r=4)
(declare r=5)
(for r in a; do :; done)
(read r <<< x)
((r++)) ; echo $?
#### invalid identifiers
exec 2>&1
export 1x
readonly a-b=3
declare 'x y'
unset 'a b'
read 2y <<< a
for 1x in a; do :; done
#### local and return outside
exec 2>&1
local x
return 1
break
continue
echo $?
#### shift and numeric arguments
exec 2>&1
shift a
(exit abc)
f() { return x; }; f
break x
#### bad options
exec 2>&1
cd -Z
export -Z
unset -Z
read -Z
(set -Z)
shopt -Z
type -Z
#### bad option names
exec 2>&1
set -o nosuch
shopt -s nosuch
#### arithmetic
exec 2>&1
echo $((1 +))
echo $((1 / 0))
echo $((2x))
echo $((1 1))
((1 = 2))
let 'a='
x=1a; echo $((x))
#### bad substitution
exec 2>&1
echo ${x|y}
echo ${!}x
(echo ${#x:1})
echo end
#### unbound
exec 2>&1
set -u
(echo $x)
(echo $1)
(echo ${a[1]})
(echo $((z)))
#### syntax errors
exec 2>&1
eval 'if true'
eval 'for x in a; done'
eval 'case x'
eval 'a & & b'
eval 'f() echo'
eval '>'
eval '| cat'
eval 'while done'
#### syntax error near a token
exec 2>&1
eval ')'
eval 'fi'
eval 'done'
eval ';;'
eval '}'
eval 'echo ('
eval 'then'
eval '(echo'
#### unterminated quotes
exec 2>&1
eval 'echo "abc'
eval "echo 'abc"
eval 'echo `abc'
eval 'echo $(abc'
eval 'echo ${abc'
#### ambiguous redirect
exec 2>&1
x='a b' e=
: > $x
: > $e
: < $x
echo hi >&$x
#### bad descriptors
exec 2>&1
echo x >&9
: <&9
exec 9>&8
echo end
#### noclobber
exec 2>&1
set -C; : > f; : > f
#### test
exec 2>&1
[ a b ]
[ 1 -eq x ]
[ a
[ a b c d e f ]
test -q x
[ x -zz y ]
#### printf
exec 2>&1
printf '%d\n' x
printf '%d\n' 08
printf '%y\n' 1
printf
printf -v 1a x
printf '%d\n' 99999999999999999999
#### kill and wait
exec 2>&1
kill
kill -NOSUCH 1
kill abc
wait 12345678
wait abc
#### trap, umask and getopts
exec 2>&1
trap x NOSUCH
umask 9
set -- -z; getopts a o; echo $o
set -- -a; getopts a: o; echo $o
#### arrays
exec 2>&1
a=(1 2)
a[-5]=x
echo "${a[-5]}"
declare -A m; m[]=1
declare -A a
a[]=1
#### namerefs
exec 2>&1
declare -n r=r
declare -n s=1x
f() { local -n v=v; echo $v; }; v=1; f
#### source and eval line numbers
exec 2>&1
printf 'echo one\nnosuch_in_source\n' > s
. ./s

eval 'nosuch_in_eval

nosuch_later'
#### question mark operator
exec 2>&1
(: ${x?})
(: ${x:?text with spaces})
(: "${x:?"quoted"}")
(: ${1?no argument})
(: ${a[2]?no element})
#### pushd and popd
exec 2>&1
popd
pushd
pushd +3
pushd nosuch
dirs +9
cd a b
#### type, command, builtin, hash, alias
exec 2>&1
type nosuch_t
command -V nosuch_t
builtin nosuch_t
hash nosuch_t
alias nosuch_t
unalias nosuch_t
enable nosuch_t
#### fail globs
exec 2>&1
shopt -s failglob
echo nomatch*
echo end
#### declare
exec 2>&1
declare -p nosuch_v
declare -i n=1+
declare -f nosuch_v; echo $?
export -f nosuch_v
#### nested shell uses its own name
bash -c 'nosuch_q' myname 2>&1
bash -c 'echo $(( 1 / 0 ))' 2>&1
echo 'nosuch_w' > s; bash s 2>&1
#### error in a pipeline and background
exec 2>&1
nosuch_p | cat
nosuch_bg & wait
#### here-document warning
exec 2>&1
eval 'cat <<E
text'
#### mapfile, let and exec
exec 2>&1
mapfile -n x a < /dev/null
let
(exec nosuch_x)
#### coproc and time are silent
exec 2>&1
TIMEFORMAT=
time true
echo end
#### line numbers of multi-line commands
exec 2>&1
echo a \
  b; nosuch_1
if true
then
  nosuch_2
fi
for x in 1
do nosuch_3
done
#### line numbers after here-documents
exec 2>&1
cat <<E
1
2
E
nosuch_after
x='multi
line'; nosuch_after2
