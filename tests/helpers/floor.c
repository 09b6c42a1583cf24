/* floor.c - a program that does nothing: what starting a process costs on this machine. Built
 * statically by tests/bench/run; every ratio of the benchmark is to this. */
int main(void)
{
    return 0;
}
