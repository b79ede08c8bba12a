#### declare -p of simple variables
x=1 y='a b' z=
declare -p x y z
e="it's"; declare -p e
q='say "hi" $x `c` \'; declare -p q
#### declare -p of attributes
declare -i i=5; declare -r r=1; declare -x ex=2; declare -l l=Ab; declare -u u=Ab; declare -irx irx=1
declare -p i r ex l u irx
#### declare -p of a missing name
declare -p nosuch_name 2>&1; echo $?
x=1
declare -p nosuch_name x 2>&1; echo $?
#### declare -p of declared but unset
declare v; declare -p v
declare -i w; declare -p w
echo "${v-unset}"
#### assigning with declare
declare a=1 b='2 3' c=$((4 + 5))
echo "$a|$b|$c"
v='x y'; declare d=$v; echo "$d"
#### a name from expansion
n=dyn
declare "$n=value"; echo $dyn
declare $n=other; echo $dyn
declare "${n}_2=x"; echo $dyn_2
#### removing attributes
declare -i n=1+1; echo $n
declare +i n; n=1+1; echo $n
declare -x n; declare +x n; declare -p n
declare -l low=ABC; declare +l low; low=ABC; echo $low
#### readonly can not be removed
declare -r r=1
declare +r r 2>&1; echo $?
( r=2 ) 2>&1
echo $r
#### readonly and unset
readonly a=1
unset a 2>&1; echo $?
( a+=2 ) 2>&1
( a=5 true ) 2>&1; echo $?
( export a=3 ) 2>&1; echo $?
( declare a=4 ) 2>&1; echo $?
echo $a
#### readonly assignment ends the list
readonly r=1
r=2 2>/dev/null; echo "same line $?"
echo "next line $?"
#### readonly in a function and eval
readonly r=1
f() { r=2; echo "in f"; }
f 2>/dev/null; echo "after f $?"
eval 'r=3; echo in eval' 2>/dev/null
echo "after eval"
#### readonly in for and read
readonly r=1
( for r in a b; do echo $r; done; echo "s $?" ) 2>&1
( read -r r <<< x; echo "s $?" ) 2>&1
( printf -v r x; echo "s $?" ) 2>&1
( getopts a r -a; echo "s $?" ) 2>&1
#### readonly -p form
readonly zz=1
readonly -p | grep 'zz='
declare -rp | grep 'zz='
#### export
x=1; export x; export y=2
env | grep -E '^[xy]=' | sort
export -n x
env | grep '^x=' || echo 'no x'
echo $x
#### export -p form
export abc_v='a b'
export -p | grep abc_v
#### export of an unset name
export only_name
env | grep only_name || echo none
only_name=now
env | grep only_name
declare -p only_name
#### exporting functions
f() { echo "exported $1"; }
export -f f
bash -c 'f arg' 2>/dev/null || true
declare -F f
#### integer
declare -i n=10/3; echo $n
n+=5; echo $n
n=x; echo $n
x=7; n=x; echo $n
( n=1+ ) 2>&1; echo $?
#### integer and upper in functions
f() { declare -i a=2*3; declare -u b=abc; echo $a $b; }
f
echo "${a-unset}"
#### declare in a function is local
x=global
f() { declare x=local; echo $x; }
f; echo $x
#### declare -g
f() { declare -g g=1; local g2=2; declare -g x=changed; }
x=0
f; echo $g ${g2-unset} $x
f2() { local x=l; declare -g x=glob; echo $x; }
f2; echo $x
#### typeset is the same
typeset -i t=3*3; echo $t
typeset -p t
#### array attributes
declare -a arr=(x 'y z'); declare -p arr
declare -A map=([k]=v); declare -p map
declare -ar ra=(1); declare -p ra
declare -ax xa=(1); declare -p xa
#### declare of an element
declare -a a
declare a[2]=x 'a[4]=y z'
declare -p a
declare 'm[1]=5'; declare -p m
#### declare with array text in a string
declare -a a='(1 2 "3 4")'
echo ${#a[@]} "${a[2]}"
v='(x y)'
declare -a b=$v
echo ${#b[@]}
declare -a c="$v"
echo ${#c[@]}
#### declare +=
declare x=a
declare x+=b; echo $x
declare -i n=1; declare n+=5; echo $n
declare -a l=(1); declare -a l+=(2); echo "${l[@]}"
#### declare -f
f() { echo hi; }
declare -f f
declare -f nosuch_f; echo $?
declare -F nosuch_f; echo $?
#### declare -f of several commands
g() {
  local x=$1
  if [ -n "$x" ]; then
    echo "$x"
  else
    for i in 1 2; do echo $i; done
  fi
}
declare -f g
#### invalid names
declare 1x=2 2>&1; echo $?
declare a-b=2 2>&1; echo $?
export 'x y' 2>&1; echo $?
readonly '=3' 2>&1; echo $?
#### invalid option
declare -Z x 2>&1 | head -n 1
export -Z 2>&1 | head -n 1
readonly -Z 2>&1 | head -n 1
#### status with failing substitution
declare v=$(false); echo $?
export w=$(false); echo $?
x=$(false); echo $?
#### tilde and splitting in arguments
v='a b'
export e=$v; echo "$e"
readonly ro=$v; echo "$ro"
f() { local l=$v; echo "$l"; }; f
#### several on a line with earlier ones
a=1
declare b=$a c=$b
echo "$b|$c"
f() { local x=5 y=$x; echo $y; }; f
#### declare -x makes it exported
declare -x dx=1
env | grep '^dx='
declare -p dx
#### set lists variables
zz_a='a b' zz_b="q'q" zz_c=$'n\nn' zz_d=plain zz_e=
set | grep '^zz_'
#### unset -v and -f
x=1; x() { echo func; }
unset -v x; echo "${x-unset}"; x
unset -f x; x 2>/dev/null || echo gone
y=1; y() { :; }
unset y; echo "${y-unset}"; type -t y
unset y; type -t y || echo none
#### unset of several and of none
a=1 b=2
unset a b nosuch; echo "$? ${a-x}${b-x}"
unset 2>&1; echo $?
unset 1x 2>&1; echo $?
#### lower and upper conversions on assignment
declare -u U; U=abc; echo $U; U+=def; echo $U
declare -l L; for L in ABC Def; do echo $L; done
read -r U <<< 'typed'; echo $U
printf -v L 'X%s' Y; echo $L
#### declare -t and others are accepted
declare -t tr=1; declare -p tr
#### local outside of a function
local x=1 2>&1; echo $?
