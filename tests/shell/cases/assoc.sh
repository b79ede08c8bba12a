#### creation and elements
declare -A m=([one]=1 [two]=2)
echo ${m[one]} ${m[two]} "<${m[three]}>" ${#m[@]}
#### keys with spaces and signs
declare -A m
m['a b']=1; m["c d"]=2; m[e\ f]=3; m[*]=star; m[x]y=4 2>/dev/null
echo "${m['a b']}" "${m[c d]}" "${m["e f"]}" "${m[*]}" | tr ' ' '\n' | sort | tr '\n' ' '; echo
#### keys from variables
declare -A m
k='my key'
m[$k]=v; m["$k 2"]=w
echo "${m[$k]}" "${m["$k 2"]}" "${m[my key]}"
#### keys are not arithmetic
declare -A m
i=5
m[i]=name; m[$i]=value; m[1+1]=expr
echo ${m[i]} ${m[5]} ${m[1+1]} "<${m[2]}>"
#### iteration in order of keys
declare -A m=([b]=2 [a]=1 [c]=3)
for k in $(printf '%s\n' "${!m[@]}" | sort); do echo "$k=${m[$k]}"; done
#### append
declare -A m=([a]=1)
m+=([b]=2 [a]=9)
m[a]+=x
echo ${#m[@]} ${m[a]} ${m[b]}
#### assigning anew clears
declare -A m=([a]=1 [b]=2)
m=([c]=3)
echo ${#m[@]} ${m[c]} "<${m[a]}>"
#### list of pairs
declare -A m=(k1 v1 k2 'v 2' k3)
echo ${m[k1]} "${m[k2]}" "<${m[k3]}>" ${#m[@]}
#### unset of a key
declare -A m=([a]=1 ['b c']=2)
unset 'm[a]'
echo ${#m[@]}
unset 'm[b c]'
echo ${#m[@]}
k='x y'; m[$k]=1; unset "m[$k]"; echo ${#m[@]}
#### unset all
declare -A m=([a]=1); unset m; echo "${#m[@]}"
declare -A m=([a]=1); m=(); echo "${#m[@]}"
#### test for a key
declare -A m=([set]=1 [empty]=)
[[ -v m[set] ]] && echo set
[[ -v m[empty] ]] && echo empty
[[ -v m[none] ]] || echo none
echo "${m[empty]+x}" "${m[none]+x}" "${m[none]-d}"
#### counting words
declare -A c
for w in the cat the dog the end; do ((c[$w]++)); done
for k in $(printf '%s\n' "${!c[@]}" | sort); do echo "$k ${c[$k]}"; done
#### numbers as keys
declare -A m
m[1]=a; m[01]=b; m[-1]=c; m[1.5]=d
echo ${m[1]} ${m[01]} ${m[-1]} ${m[1.5]} ${#m[@]}
#### element zero
declare -A m=([0]=zero [a]=x)
echo $m ${m} "${m[0]}"
m=plain 2>/dev/null
echo ${m[0]}
#### local associative arrays
declare -A m=([g]=global)
f() { local -A m=([l]=local); echo "${!m[@]}" "${m[l]}"; }
f
echo "${!m[@]}"
#### declare -p
declare -A m=([k]='v w')
declare -p m
declare -A e=()
declare -p e
declare -A u
declare -p u
#### declare -p of odd keys
declare -A m=(['a b']=1)
declare -p m
declare -A n=(["it's"]=x)
declare -p n
declare -A o=(['$x']='$y')
declare -p o
declare -A q=(['a"b']='"')
declare -p q
#### at Q and K
declare -A m=([k]='v w')
echo "${m[@]@Q}" "${m[@]@K}"
#### nameref to an associative array
fill() { local -n r=$1; r[x]=1; r[y]=2; }
declare -A t
fill t
echo ${t[x]} ${t[y]} ${#t[@]}
#### key from a substitution
declare -A m
m[$(echo key)]=v
echo ${m[key]} ${m[$(echo key)]} ${m[`echo key`]}
#### nested lookups
declare -A a=([x]=y) b=([y]=z)
echo ${b[${a[x]}]}
#### arithmetic on values
declare -A m=([n]=5)
((m[n] += 3, m[new]++))
echo ${m[n]} ${m[new]} $((m[n] * 2))
k=n; echo $((m[$k] + 1))
#### integer values
declare -Ai m
m[a]=2+3; m[a]+=5
echo ${m[a]}
#### readonly
declare -rA m=([a]=1)
( m[a]=2 ) 2>&1
( unset 'm[a]' ) 2>&1
echo ${m[a]}
#### missing subscript
declare -A m
( m[]=x ) 2>&1; echo $?
e=
( m[$e]=x ) 2>&1; echo $?
#### an indexed array can not become associative
a=(1 2)
declare -A a 2>&1; echo $?
declare -A m=([x]=1)
declare -a m 2>&1; echo $?
#### a set for membership
declare -A set
for x in a b c b; do set[$x]=1; done
for x in a d; do [[ ${set[$x]} ]] && echo in || echo out; done
echo ${#set[@]}
#### memoised fibonacci
declare -A memo
fib() { local n=$1; if ((n < 2)); then r=$n; return; fi; if [[ ${memo[$n]} ]]; then r=${memo[$n]}; return; fi
  fib $((n - 1)); local a=$r; fib $((n - 2)); ((r += a)); memo[$n]=$r; }
fib 60; echo $r
#### graph as lists
declare -A g=([a]='b c' [b]='d' [c]='d' [d]='')
declare -A seen
walk() { [[ ${seen[$1]} ]] && return; seen[$1]=1; printf '%s ' $1; local n; for n in ${g[$1]}; do walk $n; done; }
walk a; echo
#### inverting
declare -A m=([one]=1 [two]=2) inv
for k in "${!m[@]}"; do inv[${m[$k]}]=$k; done
echo ${inv[1]} ${inv[2]}
#### values through all
declare -A m=([a]='x y')
printf '<%s>' "${m[@]}"; echo
printf '<%s>' ${m[@]}; echo
printf '<%s>' "${m[*]}"; echo
#### substitution on all values
declare -A m=([k]=value)
echo "${m[@]/a/A}" "${m[@]^^}" "${m[@]#v}" "${m[k]:1:2}"
#### a bracket in the key
declare -A m
m['a]b']=1 
echo "${m['a]b']}"
k=']'; m[$k]=2; echo "${m[$k]}"
#### key with at sign
declare -A m
m[@x]=1; k=@; m[$k]=2 2>/dev/null
echo ${m[@x]}
#### config parser
declare -A cfg
while IFS='=' read -r k v; do [[ $k == \#* || -z $k ]] && continue; cfg[${k// }]=${v# }; done <<'E'
# comment
name = demo
port=8080

path = /a=b
E
for k in name port path; do echo "$k:${cfg[$k]}"; done
#### global from a function
f() { declare -gA gm=([x]=1); }
f
echo ${gm[x]}
