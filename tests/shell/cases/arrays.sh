#### creation and elements
a=(one 'two three' four)
echo ${a[0]} "${a[1]}" ${a[2]} ${#a[@]} $a
#### all elements
a=(1 'b c' '')
printf '<%s>' "${a[@]}"; echo
printf '<%s>' "${a[*]}"; echo
printf '<%s>' ${a[@]}; echo
printf '<%s>' ${a[*]}; echo
#### empty arrays
a=()
echo ${#a[@]} "<${a[0]}>"
printf '<%s>' "${a[@]}"; echo
printf '<%s>' "${a[*]}"; echo
f() { echo $#; }
f "${a[@]}"; f "${a[*]}"
#### explicit indexes
a=([3]=d [1]=b e [0]=a x)
echo "${!a[@]}" "|" "${a[@]}"
#### appending
a=(1)
a+=(2 3)
a+=([9]=nine ten)
echo "${!a[@]}" "|" "${a[@]}"
a[1]+=x
echo ${a[1]}
a+=y
echo ${a[0]}
#### sparse
a[5]=x; a[2]=y; a[100]=z
echo ${#a[@]} "${!a[@]}" "${a[@]}"
#### negative indexes
a=(a b c d)
echo ${a[-1]} ${a[-4]}
a[-1]=D
echo "${a[@]}"
unset 'a[-1]'
echo "${a[@]}"
( echo "${a[-9]}" ) 2>&1
( a[-9]=x ) 2>&1
#### unset elements
a=(a b c)
unset 'a[1]'
echo ${#a[@]} "${!a[@]}"
unset a
echo "${a[@]-gone}" ${#a[@]}
#### unset of all elements
a=(1 2); unset 'a[@]'; echo "${#a[@]}"
a=(1 2); unset 'a[*]'; echo "${#a[@]}"
a=(1 2); unset a[0]; echo "${a[@]}"
#### arithmetic indexes
a=(0 10 20 30) i=1
echo ${a[i]} ${a[$i]} ${a[i+1]} ${a[i*2]} ${a[$((i+2))]} ${a[1+1]}
a[i+=2]=x
echo $i "${a[@]}"
#### lengths
a=(hello '' 'a b')
echo ${#a[0]} ${#a[1]} ${#a[2]} ${#a} ${#a[@]} ${#a[*]} ${#a[9]}
#### scalar as an array
s=text
echo ${s[0]} ${s[@]} ${#s[@]} "<${s[1]}>"
s[2]=more
echo "${s[@]}" "${!s[@]}"
#### array to scalar assignment
a=(1 2 3)
a=x
echo "${a[@]}"
#### copy
a=('x y' '' z)
b=("${a[@]}")
echo ${#b[@]}
a[7]=q
b=("${a[@]}")
echo "${!b[@]}"
#### from a command
a=($(printf 'x y\nz\n'))
echo ${#a[@]}
a=("$(printf 'x y\nz\n')")
echo ${#a[@]}
IFS=$'\n' a=($(printf 'x y\nz\n'))
echo ${#a[@]}
#### slices and concatenation
a=(a b c d e) b=(x y)
c=("${a[@]:1:2}" "${b[@]}" "${a[@]: -1}")
echo "${c[@]}"
#### insert and delete in the middle
a=(a b d)
a=("${a[@]:0:2}" c "${a[@]:2}")
echo "${a[@]}"
a=("${a[@]:0:1}" "${a[@]:2}")
echo "${a[@]}"
#### stack and queue
st=()
st+=(1); st+=(2); st+=(3)
echo ${st[-1]}; unset 'st[-1]'; echo ${st[-1]} ${#st[@]}
q=(a b c)
echo ${q[0]}; q=("${q[@]:1}"); echo ${q[0]} ${#q[@]}
#### iterate with indexes
a=([1]=x [3]=y)
for i in "${!a[@]}"; do echo "$i=${a[i]}"; done
#### multi-line definition with comments
a=(
  one   # first
  'two' two_b
  # nothing
  three
)
echo ${#a[@]} ${a[3]}
#### globs and braces in arrays
touch f1 f2
a=(f* {x,y}{1,2} "f*")
echo ${#a[@]} "${a[@]}"
#### declare -p
a=(1 'b c' "it's")
declare -p a
a=(); declare -p a
declare -a b; declare -p b
a[3]=$'x\ny'; declare -p a
#### declare -a of an existing scalar
s=hello
declare -a s
declare -p s
s+=(world)
declare -p s
#### readonly arrays
readonly -a r=(1 2)
( r[0]=x ) 2>&1; echo $?
( r+=(3) ) 2>&1
echo "${r[@]}"
#### local arrays
a=(global)
f() { local a=(l1 l2) b=(x); echo "${a[@]}" ${#b[@]}; }
f
echo "${a[@]}" ${#b[@]}
f2() { local -a v; v[2]=z; echo ${!v[@]}; }
f2
#### integer arrays
declare -ai n=(1+1 2*3)
echo ${n[@]}
n[5]=4+4; n+=(10/2)
echo ${n[@]}
#### read -a
read -ra w <<< '  one two   three '
echo ${#w[@]} "${w[2]}"
IFS=, read -ra w <<< 'a,,b,'
echo ${#w[@]}; printf '<%s>' "${w[@]}"; echo
#### passing arrays by name
sum() { local -n arr=$1; local t=0 x; for x in "${arr[@]}"; do ((t += x)); done; echo $t; }
nums=(1 2 3 4)
sum nums
#### join and contains
a=(red green blue)
has() { local x n=$1; shift; for x; do [[ $x == "$n" ]] && return 0; done; return 1; }
has green "${a[@]}" && echo yes
has pink "${a[@]}" || echo no
[[ " ${a[*]} " == *' blue '* ]] && echo blue
#### bubble sort
a=(5 3 9 1 7)
for ((i = 0; i < ${#a[@]}; i++)); do for ((j = 0; j < ${#a[@]} - 1 - i; j++)); do
  if ((a[j] > a[j + 1])); then t=${a[j]} a[j]=${a[j + 1]} a[j + 1]=$t; fi
done; done
echo "${a[@]}"
#### reverse in place
a=(1 2 3 4 5)
for ((i = 0, j = ${#a[@]} - 1; i < j; i++, j--)); do t=${a[i]} a[i]=${a[j]} a[j]=$t; done
echo "${a[@]}"
#### two dimensions by index
for ((r = 0; r < 3; r++)); do for ((c = 0; c < 3; c++)); do m[r * 3 + c]=$((r * c)); done; done
echo "${m[@]}"
echo ${m[2*3+2]}
#### unique elements
a=(b a b c a)
declare -A seen
u=()
for x in "${a[@]}"; do [[ ${seen[$x]} ]] || { u+=("$x"); seen[$x]=1; }; done
echo "${u[@]}"
#### sort with the sort command
a=(pear apple 'big fig')
mapfile -t s < <(printf '%s\n' "${a[@]}" | sort)
printf '<%s>' "${s[@]}"; echo
#### an element in a quoted string
a=(x y)
echo "v: ${a[1]}, all: ${a[@]}, star: ${a[*]}"
echo "$a[1]"
#### set -- from an array
a=('p q' r)
set -- "${a[@]}" s
echo $# "$1"
#### an index out of a variable with spaces
a=(1 2 3)
i=' 1 '
echo ${a[$i]} ${a[ 2 ]}
#### assignment with a subscript in a list
a=(x y)
a[0]=A a[1]=B b=${a[0]}
echo "${a[@]}" $b
#### an array assignment does not go to the environment
v=(1 2) 
export v
env | grep '^v=' || echo none
#### assignment of an array before a command
f() { echo "${a[@]}"; }
a=(1 2)
a=5 f
echo "${a[@]}"
#### invalid index
( a[1x]=5 ) 2>&1
( a['']=5 ) 2>&1
echo "$?"
#### empty subscript reading
a=(1 2)
( echo "${a[]}" ) 2>&1
echo $?
#### index of an unset name
echo "<${zz[3]}>" ${#zz[@]} "${zz[@]:-none}"
#### keys with IFS star
a=([2]=x [4]=y)
IFS=,
echo "${!a[*]}" "${!a[@]}"
#### at with prefix and suffix text
a=(1 2 3)
printf '<%s>' "x${a[@]}y"; echo
printf '<%s>' "x${a[*]}y"; echo
#### nested quotes in elements
a=("a \"q\" b" 'c '\''d'\''' $'t\tab')
printf '<%s>' "${a[@]}"; echo
#### element with equals
a=(x=1 [0]=z "[5]=lit" '[6]'=q)
printf '<%s>' "${a[@]}"; echo
echo "${!a[@]}"
#### large array
for ((i = 0; i < 3000; i++)); do a[i]=$i; done
echo ${#a[@]} ${a[2999]} ${a[-1]}
t=0; for x in "${a[@]}"; do ((t += x)); done; echo $t
