#### stack machine
run() {
  local st=() t a b
  for t; do
    case $t in
      [0-9]*) st+=("$t") ;;
      dup) st+=("${st[-1]}") ;;
      swap) a=${st[-1]} b=${st[-2]}; st[-1]=$b st[-2]=$a ;;
      drop) unset 'st[-1]' ;;
      '+'|-|'*'|/|%) b=${st[-1]}; unset 'st[-1]'; a=${st[-1]}; st[-1]=$((a $t b)) ;;
      .) printf '%s ' "${st[-1]}"; unset 'st[-1]' ;;
      *) echo "bad word $t"; return 1 ;;
    esac
  done
  echo "[${st[*]}]"
}
set -f
run 1 2 + 3 '*' .
run 10 dup '*' 7 swap - 5
run 2 bogus || echo "failed $?"
#### test framework
pass=0 fail=0
assert_eq() { if [[ $1 == "$2" ]]; then ((++pass)); else ((++fail)); printf 'not ok: expected <%s> got <%s> in %s\n' "$1" "$2" "${FUNCNAME[1]}"; fi; }
test_upper() { assert_eq ABC "$(echo abc | tr a-z A-Z)"; }
test_sum() { assert_eq 6 $((1 + 2 + 3)); assert_eq 7 $((1 + 2 + 3)); }
test_empty() { assert_eq '' ''; }
for t in $(compgen -A function test_ | sort); do $t; done
echo "$pass passed, $fail failed"
((fail == 0)) || echo "status 1"
#### configure like
ac_default_prefix=/usr/local
prefix=NONE enable_x= srcdir=
for ac_option in --prefix=/opt/x --enable-x --srcdir . --without-y -q; do
  if test -n "$ac_prev"; then eval "$ac_prev=\$ac_option"; ac_prev=; continue; fi
  case $ac_option in
  *=*) ac_optarg=`expr "X$ac_option" : '[^=]*=\(.*\)'` ;;
  *) ac_optarg=yes ;;
  esac
  case $ac_option in
  --prefix=*) prefix=$ac_optarg ;;
  --srcdir) ac_prev=srcdir ;;
  --enable-*) ac_feature=`expr "x$ac_option" : 'x-*enable-\([^=]*\)'`; eval "enable_$ac_feature=\$ac_optarg" ;;
  --without-*) ac_package=`echo $ac_option | sed 's/--without-//'`; eval "with_$ac_package=no" ;;
  -q) silent=yes ;;
  esac
done
test "x$prefix" = xNONE && prefix=$ac_default_prefix
echo "prefix=$prefix enable_x=$enable_x srcdir=$srcdir with_y=$with_y silent=$silent"
cat > config.in <<'E'
#define PREFIX "@prefix@"
#define HAVE_X @enable_x@
E
sed -e "s,@prefix@,$prefix,g" -e "s,@enable_x@,$enable_x,g" config.in
#### log analysis
cat > log <<'E'
2024-01-01 10:00:01 INFO start server
2024-01-01 10:00:02 WARN slow query 120ms
2024-01-01 10:00:05 ERROR db connection lost
2024-01-01 10:00:06 INFO retry
2024-01-01 10:01:00 ERROR timeout after 30s
2024-01-01 10:02:00 INFO ok
E
declare -A count
while read -r d t level msg; do
  ((count[$level]++))
  [[ $level == ERROR ]] && errors+=("$t $msg")
  [[ $msg =~ ([0-9]+)(ms|s)$ ]] && echo "duration ${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"
done < log
for l in ERROR INFO WARN; do printf '%-6s%3d\n' $l ${count[$l]}; done
printf 'E: %s\n' "${errors[@]}"
grep -c INFO log; cut -d ' ' -f 3 log | sort | uniq -c | sort -rn | sed 's/^ *//'
#### string library
trim() { local s=$1; s=${s#"${s%%[![:space:]]*}"}; s=${s%"${s##*[![:space:]]}"}; printf '%s' "$s"; }
repeat() { local s; printf -v s '%*s' "$2" ''; printf '%s' "${s// /$1}"; }
starts() { [[ $1 == "$2"* ]]; }
ends() { [[ $1 == *"$2" ]]; }
contains() { [[ $1 == *"$2"* ]]; }
split() { local IFS=$2; read -ra REPLY <<< "$1"; }
center() { local w=$2 n=${#1}; local l=$(((w - n) / 2)); printf '%*s%s%*s' $l '' "$1" $((w - n - l)) ''; }
echo "<$(trim '  a b  ')>" "$(repeat ab 3)" "<$(center hi 7)>"
starts foobar foo && ends foobar bar && contains foobar oba && echo all
contains 'a*b' '*' && echo star; contains ab '*' || echo nostar
split a:b:c :; echo ${#REPLY[@]} ${REPLY[2]}
#### json writer
esc() { local s=$1; s=${s//\\/\\\\}; s=${s//\"/\\\"}; s=${s//$'\n'/\\n}; s=${s//$'\t'/\\t}; printf '"%s"' "$s"; }
arr() { local sep=; printf '['; for x; do printf '%s' "$sep"; if [[ $x =~ ^-?[0-9]+$ ]]; then printf '%s' $x; else esc "$x"; fi; sep=,; done; printf ']'; }
arr 1 'two "q"' $'l1\nl2' 'back\slash' -5 ''; echo
#### json reader of flat objects
j='{"name": "x y", "n": 42, "ok": true}'
while [[ $j =~ \"([a-z]+)\":\ *(\"[^\"]*\"|[a-z0-9]+)(.*) ]]; do
  k=${BASH_REMATCH[1]} v=${BASH_REMATCH[2]} j=${BASH_REMATCH[3]}
  v=${v#\"}; v=${v%\"}; echo "$k => $v"
done
#### tower of hanoi
moves=0
hanoi() { (($1 == 0)) && return; hanoi $(($1 - 1)) $2 $4 $3; ((++moves)); [[ $1 == 3 ]] && echo "disk 3: $2 -> $3"; hanoi $(($1 - 1)) $4 $3 $2; }
hanoi 5 A C B
echo $moves
#### eight queens count for six
n=6 solutions=0
place() {
  local r=$1 c i ok
  if ((r == n)); then ((++solutions)); return; fi
  for ((c = 0; c < n; c++)); do
    ok=1
    for ((i = 0; i < r; i++)); do
      if ((q[i] == c || q[i] - c == i - r || q[i] - c == r - i)); then ok=0; break; fi
    done
    if ((ok)); then q[r]=$c; place $((r + 1)); fi
  done
}
place 0; echo $solutions "${q[@]}"
#### quicksort
qs() {
  (($# <= 1)) && { printf '%s ' "$@"; return; }
  local p=$1 l=() g=() x; shift
  for x; do if ((x < p)); then l+=($x); else g+=($x); fi; done
  qs "${l[@]}"; printf '%s ' $p; qs "${g[@]}"
}
qs 5 3 8 1 9 2 7 3; echo
#### merge sort with arrays
msort() {
  local -n a_=$1; local n=${#a_[@]}
  ((n < 2)) && return
  local l=("${a_[@]:0:n/2}") r=("${a_[@]:n/2}") o=() i=0 j=0
  lsort_$2 2>/dev/null
  while ((i < ${#l[@]} || j < ${#r[@]})); do o+=(x); ((i < ${#l[@]} ? i++ : j++)); done
  echo "$n: ${#l[@]} + ${#r[@]} = ${#o[@]}"
}
v=(4 2 9 1 7); msort v x
#### game of life
g=(..... ..#.. ..#.. ..#.. .....)
step() {
  local o=() r c y x k row
  for ((r = 0; r < 5; r++)); do row=
    for ((c = 0; c < 5; c++)); do k=0
      for y in -1 0 1; do for x in -1 0 1; do
        ((y || x)) && ((r + y >= 0 && c + x >= 0)) && [[ ${g[r + y]:c + x:1} == '#' ]] && ((k++))
      done; done
      if [[ ${g[r]:c:1} == '#' ]] && ((k == 2 || k == 3)) || ((k == 3)); then row+='#'; else row+=.; fi
    done; o+=("$row")
  done; g=("${o[@]}")
}
step; printf '%s\n' "${g[@]}"; step; echo "${g[2]}"
#### roman numerals
roman() { local n=$1 r= i; local v=(1000 900 500 400 100 90 50 40 10 9 5 4 1) s=(M CM D CD C XC L XL X IX V IV I)
  for i in "${!v[@]}"; do while ((n >= v[i])); do r+=${s[i]}; ((n -= v[i])); done; done; echo $r; }
for n in 1 4 9 14 40 90 400 1994 2024 3999; do printf '%s=%s ' $n $(roman $n); done; echo
#### caesar cipher
rot() { local s=$1 k=$2 o= i c n; for ((i = 0; i < ${#s}; i++)); do c=${s:i:1}
  case $c in [a-z]) printf -v n %d "'$c"; printf -v c "\\$(printf %o $(((n - 97 + k) % 26 + 97)))";; [A-Z]) printf -v n %d "'$c"; printf -v c "\\$(printf %o $(((n - 65 + k) % 26 + 65)))";; esac; o+=$c; done; echo "$o"; }
rot 'Hello, World!' 13; rot "$(rot 'Hello, World!' 13)" 13
#### base64 encoder
b64() { local t=ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/ s=$1 o= i a b c n
  for ((i = 0; i < ${#s}; i += 3)); do
    printf -v a %d "'${s:i:1}"; b=0 c=0
    ((i + 1 < ${#s})) && printf -v b %d "'${s:i+1:1}"; ((i + 2 < ${#s})) && printf -v c %d "'${s:i+2:1}"
    n=$((a << 16 | b << 8 | c)); o+=${t:n >> 18:1}${t:n >> 12 & 63:1}
    if ((i + 1 < ${#s})); then o+=${t:n >> 6 & 63:1}; else o+==; fi
    if ((i + 2 < ${#s})); then o+=${t:n & 63:1}; else o+==; fi
  done; echo $o; }
b64 Man; b64 'hello world'; b64 a; b64 ab
#### word frequency
text='the quick brown fox jumps over the lazy dog the fox'
declare -A f
for w in $text; do f[$w]=$((${f[$w]:-0} + 1)); done
for w in "${!f[@]}"; do echo "${f[$w]} $w"; done | sort -k1,1nr -k2 | head -n 3
#### matrix multiplication
a=(1 2 3 4) b=(5 6 7 8)
for i in 0 1; do for j in 0 1; do s=0; for k in 0 1; do ((s += a[i * 2 + k] * b[k * 2 + j])); done; printf '%d ' $s; done; echo; done
#### fizzbuzz
for i in {1..15}; do o=; ((i % 3)) || o+=Fizz; ((i % 5)) || o+=Buzz; echo -n "${o:-$i} "; done; echo
#### temperature table with formatted columns
for c in -40 0 37 100; do printf '%4d C = %4d F\n' $c $((c * 9 / 5 + 32)); done
#### ini parser with sections
declare -A ini; section=
while IFS= read -r line; do
  line=${line%%[;#]*}; line=${line%"${line##*[![:space:]]}"}
  case $line in
    '') continue ;;
    \[*\]) section=${line#[}; section=${section%]} ;;
    *=*) k=${line%%=*} v=${line#*=}; ini[$section.${k// }]=${v# } ;;
  esac
done <<'E'
; comment
[main]
name = test   # trailing
path=/tmp
[other]
n=5
E
for k in main.name main.path other.n; do echo "$k=${ini[$k]}"; done
#### dependency order
declare -A deps=([app]='lib util' [lib]='base' [util]='base' [base]='') done_=()
visit() { local d; [[ ${done_[$1]} ]] && return; for d in ${deps[$1]}; do visit $d; done; done_[$1]=1; echo "build $1"; }
visit app
#### make like with time stamps
mkdir src out; echo a > src/a; echo b > src/b
touch -d 2020-01-02 src/a; touch -d 2020-01-01 src/b; touch -d 2020-01-01 out/a; touch -d 2020-01-03 out/b
for f in src/*; do o=out/${f#src/}; if [[ $f -nt $o ]]; then echo "build $o"; cp $f $o; else echo "fresh $o"; fi; done
cat out/a
#### argument parser with subcommands
cmd_add() { echo "add: $(($1 + $2))"; }
cmd_list() { local o; OPTIND=1; while getopts l o; do [ $o = l ] && echo long; done; shift $((OPTIND - 1)); echo "list: ${*:-nothing}"; }
main() { local c=${1:?usage}; shift; if [[ $(type -t cmd_$c) == function ]]; then cmd_$c "$@"; else echo "unknown command: $c"; return 64; fi; }
main add 2 3; main list -l a b; main list; main frob; echo $?
#### retry with backoff
n=0
flaky() { ((++n >= 3)); }
retry() { local max=$1 i; shift; for ((i = 1; i <= max; i++)); do "$@" && { echo "ok after $i"; return 0; }; echo "try $i failed"; done; return 1; }
retry 5 flaky; n=-10; retry 2 flaky; echo $?
#### simple template engine
name=World items=(one two)
while IFS= read -r line; do
  while [[ $line =~ (.*)\{\{([a-z]+)\}\}(.*) ]]; do line=${BASH_REMATCH[1]}${!BASH_REMATCH[2]-}${BASH_REMATCH[3]}; done 2>/dev/null
  echo "$line"
done <<'E'
plain line
E
t='Hello {{name}}, bye {{name}}!'
while [[ $t =~ \{\{([a-z]+)\}\} ]]; do v=${BASH_REMATCH[1]}; t=${t/"${BASH_REMATCH[0]}"/"${!v}"}; done; echo "$t"
#### queue simulation with breadth first search
declare -A g=([1]='2 3' [2]='4' [3]='4 5' [4]='6' [5]='6' [6]='') dist=([1]=0)
q=(1)
while ((${#q[@]})); do u=${q[0]}; q=("${q[@]:1}"); for v in ${g[$u]}; do [[ ${dist[$v]} ]] || { dist[$v]=$((dist[$u] + 1)); q+=($v); }; done; done
for i in {1..6}; do printf '%s:%s ' $i ${dist[$i]}; done; echo
#### tokenizer and calculator
expr_eval() {
  local s=$1; toks=()
  while [[ $s =~ ^\ *([0-9]+|[-+*/()])(.*)$ ]]; do toks+=("${BASH_REMATCH[1]}"); s=${BASH_REMATCH[2]}; done
  pos=0; e; echo $val
}
e() { t; local l=$val; while [[ ${toks[pos]} == [+-] ]]; do local o=${toks[pos++]}; t; ((l = l $o val)); done; val=$l; }
t() { f; local l=$val; while [[ ${toks[pos]} == [*/] ]]; do local o=${toks[pos++]}; f; ((l = l $o val)); done; val=$l; }
f() { if [[ ${toks[pos]} == '(' ]]; then ((pos++)); e; ((pos++)); elif [[ ${toks[pos]} == - ]]; then ((pos++)); f; ((val = -val)); else val=${toks[pos++]}; fi; }
expr_eval '1 + 2 * 3'; expr_eval '(1 + 2) * 3 - 4'; expr_eval '2 * (3 + (4 - 1)) / 3'; expr_eval '-5 + 8'
#### brainfuck
bf() { local p=$1 i=0 d=0 n o; local -a m st; local -A jmp
  for ((i = 0; i < ${#p}; i++)); do case ${p:i:1} in '[') st+=($i);; ']') jmp[$i]=${st[-1]}; jmp[${st[-1]}]=$i; unset 'st[-1]';; esac; done
  for ((i = 0; i < ${#p}; i++)); do case ${p:i:1} in
    '>') ((d++));; '<') ((d--));; '+') ((m[d] = (m[d] + 1) % 256));; '-') ((m[d] = (m[d] + 255) % 256));;
    '.') printf "\\$(printf %03o ${m[d]})";; '[') ((m[d])) || i=${jmp[$i]};; ']') ((m[d])) && i=${jmp[$i]};; esac; done; }
bf '++++++++[>+++++++++<-]>.+++++++++++++++++++++++++++++++++.>++++++++++.'
#### run length encoding
rle() { local s=$1 o= c n i=0; while ((i < ${#s})); do c=${s:i:1} n=1; while [[ ${s:i+n:1} == "$c" ]]; do ((n++)); done; o+=$n$c; ((i += n)); done; echo $o; }
unrle() { local s=$1 o= k; while [[ $s =~ ^([0-9]+)(.)(.*)$ ]]; do printf -v k '%*s' ${BASH_REMATCH[1]} ''; o+=${k// /${BASH_REMATCH[2]}}; s=${BASH_REMATCH[3]}; done; echo $o; }
rle aaabccdddd; unrle 3a1b2c4d; unrle "$(rle xxyyyz)"
#### permutations
perm() { local p=$1 s=$2 i; [ -z "$s" ] && { printf '%s ' $p; return; }; for ((i = 0; i < ${#s}; i++)); do perm $p${s:i:1} ${s:0:i}${s:i+1}; done; }
perm '' abcd; echo
#### combinations by bits
s=(a b c); for ((m = 0; m < 8; m++)); do o=; for ((i = 0; i < 3; i++)); do ((m >> i & 1)) && o+=${s[i]}; done; printf '{%s} ' "$o"; done; echo
#### palindromes
pal() { local s=${1,,}; s=${s//[^a-z]}; local r= i; for ((i = ${#s} - 1; i >= 0; i--)); do r+=${s:i:1}; done; [[ $s == "$r" ]]; }
for w in Radar hello 'A man, a plan, a canal: Panama'; do pal "$w" && echo "yes $w" || echo "no $w"; done
#### version comparison
vercmp() { local IFS=. i; local a=($1) b=($2); for ((i = 0; i < ${#a[@]} || i < ${#b[@]}; i++)); do ((10#${a[i]:-0} > 10#${b[i]:-0})) && { echo '>'; return; }; ((10#${a[i]:-0} < 10#${b[i]:-0})) && { echo '<'; return; }; done; echo '='; }
vercmp 1.2.3 1.2.10; vercmp 2.0 1.9.9; vercmp 1.0 1.0.0; vercmp 1.08 1.8
#### csv to table
while IFS=, read -r a b c; do printf '| %-6s | %4s | %-5s |\n' "$a" "$b" "$c"; done <<E
name,qty,unit
apple,10,kg
pear,2.5,lb
E
#### recursive listing
mkdir -p t/a/b t/c; touch t/1 t/a/2 t/a/b/3
tree() { local f; for f in "$1"/*; do [ -e "$f" ] || continue; printf '%*s%s\n' $2 '' "${f##*/}"; if [ -d "$f" ]; then tree "$f" $(($2 + 2)); fi; done; }
tree t 0
#### rename in bulk
touch 'IMG 1.JPG' 'IMG 2.jpg' note.txt
shopt -s nocaseglob
for f in *.jpg; do n=${f,,}; n=${n// /_}; mv -- "$f" "$n"; echo "$f -> $n"; done
ls
#### a shell lock by mkdir
lock() { if mkdir lock 2>/dev/null; then echo locked; else echo busy; return 1; fi; }
unlock() { rmdir lock 2>/dev/null || rm -r lock; }
lock; lock; unlock; lock
#### a menu driven loop
## stdin: add x\nadd y z\nlist\nbogus\nquit\nnever\n
items=()
while read -r cmd rest; do
  case $cmd in add) items+=("$rest");; list) printf '%s\n' "${items[@]}";; quit) echo bye; break;; *) echo "? $cmd";; esac
done
#### CI like script
set -euo pipefail
steps=() 
step() { local name=$1; shift; printf '== %s\n' "$name"; if "$@"; then steps+=("$name:ok"); else steps+=("$name:failed($?)"); fi; }
lint() { grep -n 'TODO' src.txt && return 1 || return 0; }
unit() { [[ $(wc -l < src.txt) -eq 2 ]]; }
printf 'line one\nTODO two\n' > src.txt
trap 'printf "summary: %s\n" "${steps[*]}"' EXIT
step lint lint; step unit unit; step missing nosuch_step 2>/dev/null
exit 3
#### getopt style usage by here-document
usage() { cat <<-E
	Usage: ${0##*/} [options]
	  -h   help
	E
	exit ${1:-0}; }
(usage); echo $?; (usage 2 >&2) 2>/dev/null; echo $?
#### iterator by closures through eval
make_counter() { eval "$1() { echo \$(($1_n++)); }; $1_n=$2"; }
make_counter c 5; c; echo $c_n; : $((c_n++)); c
#### poor man's map and filter
map() { local f=$1; shift; local x; for x; do "$f" "$x"; done; }
filter() { local f=$1; shift; local x; for x; do "$f" "$x" && echo "$x"; done; return 0; }
fold() { local f=$1 a=$2; shift 2; local x; for x; do a=$("$f" "$a" "$x"); done; echo "$a"; }
sq() { echo $(($1 * $1)); }; even() { (($1 % 2 == 0)); }; add() { echo $(($1 + $2)); }
map sq 1 2 3; filter even 1 2 3 4; fold add 0 $(map sq $(filter even {1..6}))
#### date arithmetic
leap() { (($1 % 4 == 0 && $1 % 100 || $1 % 400 == 0)); }
for y in 1900 2000 2023 2024; do leap $y && echo "$y leap" || echo "$y"; done
dow() { local d=$3 m=$2 y=$1; ((m < 3)) && ((m += 12, y--)); echo $(((d + 13 * (m + 1) / 5 + y + y / 4 - y / 100 + y / 400) % 7)); }
dow 2024 1 1; dow 2000 2 29
#### progress and percent
total=4; for ((i = 1; i <= total; i++)); do pct=$((i * 100 / total)); printf -v bar '%*s' $((pct / 10)) ''; printf '[%-10s] %3d%%\n' "${bar// /#}" $pct; done
#### a pipeline of filters with a function table
f_upper() { tr a-z A-Z; }; f_rev() { while read -r l; do r=; for ((i = ${#l}; i; i--)); do r+=${l:i-1:1}; done; echo "$r"; done; }; f_num() { local n=0; while read -r l; do echo "$((++n)): $l"; done; }
chain() { if (($#)); then "f_$1" | chain "${@:2}"; else cat; fi; }
printf 'abc\nxyz\n' | chain upper rev num
#### bit sets and flags
READ=1 WRITE=2 EXEC=4
show() { local o=; (($1 & READ)) && o+=r || o+=-; (($1 & WRITE)) && o+=w || o+=-; (($1 & EXEC)) && o+=x || o+=-; echo $o; }
p=0; ((p |= READ | EXEC)); show $p; ((p &= ~EXEC)); show $p; ((p ^= WRITE)); show $p
#### lists in strings with custom separators
path=/bin:/usr/bin:/bin:/opt::/usr/bin
new=; declare -A seen; IFS=:
for d in $path; do [[ -z $d || ${seen[$d]-} ]] && continue; seen[$d]=1; new+=${new:+:}$d; done
echo $new "$new"
