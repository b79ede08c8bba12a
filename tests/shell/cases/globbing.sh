#### star and question
touch a b ab abc .hid
echo *
echo ?
echo a*
echo ??
echo *c
#### no match stays
echo nomatch* ?????????? [xyz]
#### sets
touch a1 b1 c1 d2 A1
echo [abc]1 [a-c]1 [!a]1 [^a-b]1 [a-z][0-9]
#### classes
touch a B 3 _ x-y
echo [[:alpha:]] 
echo [[:upper:]] [[:digit:]] [[:alnum:]_] [![:alnum:]]
echo *[[:punct:]]*
#### hidden files
touch .a .b c
echo *
echo .[!.]*
echo .a*
echo [.]a*
#### sorting
touch b a C B A c 10 9 _x
echo *
#### folders
mkdir -p d1/s1 d1/s2 d2/s1
touch d1/f d2/f d1/s1/g
echo */
echo */f
echo */*/
echo d1/*/g
echo */s1
echo */*/*
#### quoted parts
touch 'a*b' axb 'a b'
echo "a*"b a"*"b a\*b a*b
printf '<%s>' a*; echo
#### from variables
touch f1 f2 g1
p='f*'
echo $p "$p" ${p}x
p='[fg]1'
echo $p
#### in assignments no globbing
touch f1 f2
x=f*
echo "$x"
echo $x
#### in arrays
touch f1 f2
a=(f* g*)
echo ${#a[@]} "${a[@]}"
#### with set -f
touch f1
set -f
echo f*
set +f
echo f*
#### in for
touch x.txt y.txt
for f in *.txt; do echo "$f"; done
for f in *.none; do echo "$f"; done
#### existence test idiom
set -- *.none
[ -e "$1" ] && echo some || echo none
touch a.none
set -- *.none
[ -e "$1" ] && echo some || echo none
#### bracket corner cases
for f in ']' - a '!' '^' '['; do : > "$f"; done
printf '<%s>' []a]; echo
printf '<%s>' [a-]; echo
printf '<%s>' [!]a]; echo
printf '<%s>' [[]; echo
printf '<%s>' [\]]; echo
printf '<%s>' [a!]; echo
#### an unterminated bracket
touch '[a' a
echo [a
echo [a*
echo *[
#### slash in a bracket does not match
mkdir d; touch d/f
echo d[/]f
echo [d/]*
#### escapes in the result of an expansion
touch 'a*' ab
x='a\*'
echo $x
x='a\b'
echo $x
#### newline and spaces in names
touch 'a b' $'c\nd'
set -- *
echo $#
printf '<%q>' *; echo
#### dashes
touch -- -a -b
echo *
ls -- -*
#### nullglob
shopt -s nullglob
touch f
echo no* f*
set -- no* ; echo $#
for x in no*; do echo "never $x"; done
echo plain [no]x?
#### failglob
shopt -s failglob
touch f1
echo f*
echo none* 2>/dev/null
echo "same line not; status $?"
( echo none* ) 2>&1
#### dotglob
touch .h v
shopt -s dotglob
echo *
shopt -u dotglob
echo *
#### nocaseglob
touch Abc abd
shopt -s nocaseglob
echo a* A* [a]b?
shopt -u nocaseglob
echo a*
#### globstar
mkdir -p a/b/c; touch a/1 a/b/2 a/b/c/3 top
shopt -s globstar
printf '%s ' **; echo
printf '%s ' **/; echo
printf '%s ' **/[0-9]; echo
printf '%s ' a/**; echo
printf '%s ' a/**/c; echo
#### globstar off is a star
mkdir -p a/b; touch a/b/f a/g
echo **
echo **/g
#### globstar ignores hidden
mkdir -p .h/x a; touch .h/f a/.f a/g
shopt -s globstar
echo **
shopt -s dotglob
echo **
#### globstar and links
mkdir -p real/sub; ln -s real link; touch real/sub/f
shopt -s globstar
printf '%s ' **/f; echo
printf '%s ' **; echo
#### GLOBIGNORE
touch a b c.o d.o .h
GLOBIGNORE='*.o'
echo *
GLOBIGNORE='a:b'
echo *
unset GLOBIGNORE
echo *
#### dot and dotdot
touch .x
echo .*
shopt -u globskipdots
echo .*
#### globs in case
for w in foo.c foo.h bar [x] ''; do
  case $w in *.[ch]) echo "$w src";; \[*) echo "$w br";; ?*) echo "$w other";; *) echo empty;; esac
done
#### case ranges
case b in [a-c]) echo in;; esac
case B in [a-c]) echo in;; *) echo out;; esac
case é in ?) echo one;; esac
case é in [à-ü]) echo range;; *) echo norange;; esac
#### character classes in case
for c in a Z 5 ' ' . é; do
  case $c in [[:lower:]]) echo lower;; [[:upper:]]) echo upper;; [[:digit:]]) echo digit;; [[:space:]]) echo space;; [[:punct:]]) echo punct;; *) echo other;; esac
done
#### glob with trailing slash only folders
mkdir d; touch f; ln -s d ld
echo */
printf '<%s>' */ ; echo
#### multiple slashes
mkdir -p a/b; touch a/b/c
echo a//b/* a/*//c
#### parent in a pattern
mkdir -p x y; touch x/f
cd y
echo ../x/* ../*
#### current folder in a pattern
touch f
echo ./* ./f ./n*
#### a pattern as a command
touch echo_me
ec*me 2>/dev/null; echo $?
#### a glob in a redirection
touch only1
echo data > only*
cat only1
#### glob of many files
for i in {1..200}; do : > f$i; done
set -- f*
echo $# $1 $2 ${200}
set -- f?; echo $#
set -- f[1-3]?; echo $#
#### broken links match
ln -s nowhere broken
echo b*
[ -e broken ] || echo missing
[ -L broken ] && echo link
#### backslash at the end
x='a\'
echo $x
touch 'b\c'
echo b*
echo 'b\'*
#### question matches one unicode character
touch é ab
echo ?
echo ??
