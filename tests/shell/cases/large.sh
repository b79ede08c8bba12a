#### a loop of many turns
s=0; for ((i = 0; i < 20000; i++)); do ((s += i)); done; echo $s
#### a while loop with test
i=0; while [ $i -lt 5000 ]; do i=$((i + 1)); done; echo $i
#### building a long string
s=; for ((i = 0; i < 5000; i++)); do s+=x; done; echo ${#s}
#### doubling a string
s=ab; for i in {1..15}; do s+=$s; done; echo ${#s}
echo "${s: -4}"
#### substitution over a long string
s=$(printf 'abc%.0s' {1..2000}); t=${s//b/BB}; echo ${#t}
u=${t//[!B]}; echo ${#u}
#### many arguments to a function
f() { echo $# ${1} ${!#}; }; f {1..5000}
#### many arguments to a command
printf '%s\n' {1..5000} | wc -l | tr -d ' '
echo {1..5000} | wc -w | tr -d ' '
#### a big array
a=(); for ((i = 0; i < 5000; i++)); do a+=($((i * i))); done; echo ${#a[@]} ${a[4999]}
#### a big associative array
declare -A m; for ((i = 0; i < 3000; i++)); do m[k$i]=$i; done; echo ${#m[@]} ${m[k2999]}
t=0; for k in "${!m[@]}"; do ((t += m[$k])); done; echo $t
#### deep recursion
f() { (($1)) && f $(($1 - 1)) || echo bottom; }; f 500
#### deep nesting of subshells
x='echo deep'; for i in {1..20}; do x="( $x )"; done; eval "$x"
#### deep nesting of substitutions
x='echo deep'; for i in {1..15}; do x="echo \$($x)"; done; eval "$x"
#### nested loops
n=0; for a in {1..20}; do for b in {1..20}; do for c in {1..10}; do ((n++)); done; done; done; echo $n
#### a long pipeline by eval
x='echo x'; for i in {1..20}; do x+=' | cat'; done; eval "$x"
#### long lines through a pipe
printf '%0100000d\n' 7 | wc -c | tr -d ' '
printf '%050000d\n' 7 | { read -r l; echo ${#l}; }
#### megabytes through a pipe
printf '%03000000d' 0 | wc -c | tr -d ' '
printf '%01000000d' 0 | tr 0 x | cat | cat | wc -c | tr -d ' '
#### many lines read one by one
seq 2000 | { s=0; while read -r n; do ((s += n)); done; echo $s; }
#### many small files
for i in {1..150}; do echo $i > f$i; done
cat f* | wc -l | tr -d ' '; set -- f1*; echo $#
rm f*; ls | wc -l | tr -d ' '
#### many background jobs
for i in {1..20}; do echo $i > o$i & done; wait
cat o* | sort -n | tail -n 1
#### many substitutions
for i in {1..50}; do x=$(echo $i); y+=$x; done; echo ${#y}
#### many functions
for i in {1..300}; do eval "f$i() { echo $i; }"; done; f1; f300
declare -F | wc -l | tr -d ' '
#### many variables
for i in {1..1000}; do declare v$i=$i; done; echo $v1 $v1000
set -- ${!v@}; echo $#
#### a long case
s='case $1 in '; for i in {1..300}; do s+="w$i) echo $i;; "; done; s+='esac'
f() { eval "$s"; }; f w299
#### a long if chain
s='if false; then :; '; for i in {1..200}; do s+="elif [ \$1 = $i ]; then echo got $i; "; done; s+='fi'
eval "f() { $s }"; f 200
#### a large here-document
{ echo 'cat <<E | wc -l'; seq 3000; echo E; } > s; . ./s | tr -d ' '
#### a large script by eval
s=; for i in {1..2000}; do s+="x=$i"$'\n'; done; eval "$s"; echo $x
#### sorting numbers in bash
a=(); x=12345; for i in {1..60}; do x=$(((x * 1103515245 + 12345) % 2147483648)); a+=($((x % 1000))); done
n=${#a[@]}
for ((i = 1; i < n; i++)); do v=${a[i]}; for ((j = i; j > 0 && a[j - 1] > v; j--)); do a[j]=${a[j - 1]}; done; a[j]=$v; done
echo "${a[@]}"
#### time prints to standard error only
time true 2>/dev/null; echo $?
{ time sleep 0.01; } 2>/dev/null; echo $?
{ TIMEFORMAT='fixed'; time :; } 2>&1
{ time -p true; } 2>&1 | cut -d ' ' -f 1
