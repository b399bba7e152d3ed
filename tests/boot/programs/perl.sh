# SPDX-License-Identifier: GPL-2.0-or-later
exec perl - <<'END'
use strict;
use warnings;

# A hash of lines that needs nothing but Perl: 32-bit FNV-1a.
sub fnv {
    my $h = 2166136261;
    $h = (($h ^ ord) * 16777619) & 0xffffffff for split //, shift;
    return sprintf '%08x', $h;
}
my @numbers;
my $state = 1;
for (1 .. 5000) {
    $state = ($state * 16807) % 2147483647;
    push @numbers, $state;
}
print 'sort ', fnv(join ' ', sort { $a <=> $b } @numbers), "\n";
print 'text sort ', fnv(join ' ', sort @numbers), "\n";
print 'format ', fnv(join ' ', map { sprintf '%.10g %e %a', $_ / 7, $_ * 1e-200, sqrt $_ } @numbers), "\n";
print 'integer ', fnv(join ' ', map { use integer; ($_ * 48271) ^ ($_ << 3) } @numbers), "\n";
my %count;
$count{$_ % 97}++ for @numbers;
print 'hash ', fnv(join ' ', map { "$_=$count{$_}" } sort { $a <=> $b } keys %count), "\n";
my $text = join ' ', @numbers;
my $hits = () = $text =~ /(\d)(\d)\2\1/g;
print "palindromes $hits\n";
(my $swapped = $text) =~ s/(\d)(\d)/$2$1/g;
print 'substitute ', fnv($swapped), "\n";
print 'pack ', fnv(join '', map { sprintf '%02x', $_ } unpack 'C*', pack '(N v d> f<)*', @numbers[0 .. 999]), "\n";
my @sieve = (1) x 20000;
for my $i (2 .. 141) {
    next unless $sieve[$i];
    for (my $j = $i * $i; $j < 20000; $j += $i) { $sieve[$j] = 0 }
}
print 'primes ', scalar(grep { $_ > 1 && $sieve[$_] } 0 .. 19999), "\n";
my $fibonacci;
$fibonacci = sub { my $n = shift; $n < 2 ? $n : $fibonacci->($n - 1) + $fibonacci->($n - 2) };
print 'fibonacci ', $fibonacci->(20), "\n";
my $died = 0;
for (1 .. 1000) { eval { die { code => $_ } }; $died += $@->{code} }
print "died $died\n";
END
