#### read and write
x=1
declare -n r=x
echo $r
r=2
echo $x
r+=3; echo $x
#### in a function
set_to() { local -n out=$1; out=$2; }
set_to v hello
echo $v
#### arrays
a=(1 2 3)
declare -n r=a
echo ${r[1]} ${#r[@]} "${r[@]:1}"
r+=(4); r[0]=x
echo "${a[@]}"
for e in "${r[@]}"; do printf '%s,' $e; done; echo
#### to an element
a=(1 2 3)
declare -n r='a[1]'
echo $r
r=X
echo "${a[@]}"
#### to an unset variable creates it
declare -n r=newvar
echo "<${r-unset}>"
r=now
echo $newvar
#### the name by bang
declare -n r=target
target=x
echo ${!r} $r
#### chains
x=deep
declare -n a=x
declare -n b=a
echo $b ${!b}
b=changed; echo $x
#### unset through and of the reference
x=1
declare -n r=x
unset r
echo "${x-gone}"
x=2
unset -n r
echo "$x ${r-noref}"
#### declare -p
declare -n r=tgt
declare -p r
tgt=5
declare -p tgt
#### loop variable
x=1 y=2
declare -n r
for r in x y; do echo "${!r}=$r"; r=$((r * 10)); done
echo $x $y
#### self reference warns
f() { local -n v=v; v=1; }
f 2>/dev/null; echo $?
declare -n s=s 2>&1; echo $?
#### invalid target
declare -n r='1bad' 2>&1; echo $?
declare -n q=a-b 2>&1; echo $?
#### with printf -v and read
declare -n r=dest
printf -v r '%03d' 7
echo $dest
read -r r <<< line
echo $dest
mapfile -t r <<< $'a\nb'
echo "${dest[1]}"
#### in arithmetic
n=5
declare -n r=n
((r++)); echo $n
echo $((r * 2))
: $((r = 9)); echo $n
#### dynamic scope of the target
f() { local t=inner; g t; echo $t; }
g() { local -n ref=$1; ref=changed; }
t=outer
f
echo $t
#### circular names
declare -n a=b
declare -n b=a 2>/dev/null
echo "$a" 2>&1
echo $?
#### attributes through a reference
declare -n r=num
declare -i r=3+4 2>/dev/null
num=5+5
echo $num
#### test and bang
x=
declare -n r=x
[[ -v r ]] && echo set
unset x
[[ -v r ]] || echo unset
[[ -R r ]] && echo ref
[[ -R x ]] || echo noref
#### changing the target
a=1 b=2
declare -n r=a
echo $r
declare -n r=b
echo $r
r=5; echo $a $b
#### several outputs
divmod() { local -n q_=$3 r_=$4; q_=$(($1 / $2)); r_=$(($1 % $2)); }
divmod 17 5 q r
echo $q $r
#### associative through a reference
declare -A m=([k]=v)
show() { local -n h=$1; local k; for k in "${!h[@]}"; do echo "$k=${h[$k]}"; done; }
show m
#### sorting an array in place
sort_array() { local -n arr_=$1; mapfile -t arr_ < <(printf '%s\n' "${arr_[@]}" | sort); }
l=(pear apple fig)
sort_array l
echo "${l[@]}"
#### local -n hides nothing else
r=global
f() { local -n r=x; x=5; echo $r; }
f
echo $r $x
#### readonly target
readonly ro=1
declare -n r=ro
( r=2 ) 2>&1
echo $ro
#### export through a reference
declare -n r=evar
export r=val
env | grep -E '^(r|evar)='
#### unset reference name without target
declare -n r
echo "<${r-none}>"
r=x
x=val
echo "$r"
#### passing the same name
f() { local -n var=$1; echo "$var"; }
var=hello
f var 2>/dev/null
#### substring and others through it
s=hello
declare -n r=s
echo ${r:1:3} ${#r} ${r^^} ${r/l/L} ${r%o}
