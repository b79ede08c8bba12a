#### local
x=g
f() { local x=l; echo $x; x=l2; echo $x; }
f; echo $x
#### dynamic scope
x=global
inner() { echo "inner $x"; x=set; }
outer() { local x=outer; inner; echo "outer $x"; }
outer
inner
echo $x
#### local without value
x=g
f() { local x; echo "<${x-unset}>"; x=1; }
f; echo $x
#### local of several
f() { local a=1 b c=3; echo "$a ${b-u} $c"; }
f; echo "${a-u}${b-u}${c-u}"
#### local copies with the same name
x=5
f() { local x=$x; ((x++)); echo $x; }
f; echo $x
#### unset of a local
x=g
f() { local x=l; unset x; echo "<${x-unset}>"; x=new; echo $x; }
f; echo $x
#### unset of a caller's local
x=g
f() { local x=f; g; echo "f ${x-unset}"; }
g() { unset x; echo "g ${x-unset}"; }
f; echo $x
#### recursion has own locals
f() { local n=$1; if ((n > 0)); then f $((n - 1)); fi; printf '%s ' $n; }
f 4; echo
#### global from a function
f() { newg=1; }
f; echo $newg
#### subshell functions
f() ( x=sub; echo $x; cd /; )
x=main; d=$PWD
f; echo $x; [ "$d" = "$PWD" ] && echo same
#### local in a loop of a function
f() { for i in 1 2; do local v=$i; echo $v; done; echo "$v"; }
f; echo "${v-none} $i"
#### local IFS
f() { local IFS=,; echo "$*"; }
f a b c
set -- x y; echo "$*"
#### local options by dash
f() { local -; set -f; echo *; case $- in *f*) echo on;; esac; }
touch a
f; echo *; case $- in *f*) echo on;; *) echo off;; esac
#### local of exported
export E=1
f() { local E=2; env | grep '^E='; }
f; env | grep '^E='
#### local -x
f() { local -x LX=1; env | grep '^LX='; }
f; env | grep '^LX=' || echo none
#### temporary environment in functions is visible and local
f() { echo $v; v=2; g; }
g() { echo "g $v"; }
v=1 f; echo "${v-unset}"
#### local shadows temporary environment
f() { local v; echo "<${v-unset}>"; }
v=1 f
#### local with localvar_inherit
shopt -s localvar_inherit
x=outer
f() { local x; echo $x; x=changed; }
f; echo $x
#### readonly local
f() { local -r c=1; ( c=2 ) 2>&1; echo $c; }
f; c=5; echo $c
#### local of a global readonly
readonly R=1
f() { local R=2; echo "R $R"; }
f 2>&1; echo $?
#### arguments are restored
set -- a b
f() { shift; set -- "$@" z; echo "$@"; }
f 1 2; echo "$@"
#### nested functions are global
f() { g() { echo "g of $1"; }; }
g 2>/dev/null || echo 'not yet'
f x; g y
#### functions redefine themselves
f() { echo first; f() { echo second; }; }
f; f; f
#### variables in sourced text share the scope
echo 'y=$x; x=src; local z=5' > s
f() { local x=fun; . ./s; echo $x $y $z; }
x=g; f; echo $x ${z-unset}
#### eval shares the scope
f() { local x=1; eval 'x=2; local y=3'; echo $x $y; }
f; echo ${x-u} ${y-u}
#### for variable is global unless local
f() { for k in a b; do :; done; }
f; echo $k
f2() { local k; for k in c d; do :; done; }
f2; echo $k
#### local in a pipeline stage
f() { local x=1; echo in | { read -r y; x=2; echo "$x $y"; }; echo $x; }
f
#### static by naming
counter() { ((++counter_n)); echo $counter_n; }
counter; counter; echo $(counter); counter
#### return values by a variable
f() { REPLY=$(($1 * 2)); }
f 21; echo $REPLY
#### upvar by printf -v
f() { local tmp=5; printf -v "$1" '%s' "$tmp"; }
f res; echo $res ${tmp-none}
#### local lists
f() { local a=1; local b=2; local | grep '^[ab]='; }
f
#### local array does not leak
f() { local -a arr=(1 2); arr[5]=x; echo ${#arr[@]}; }
arr=(g); f; echo ${#arr[@]}
#### local attribute of integer
n=abc
f() { local -i n=3+4; echo $n; }
f; n=1+1; echo $n
#### unset then global assignment in nested
f() { local v=1; unset v; v=2; }
v=0; f; echo $v
