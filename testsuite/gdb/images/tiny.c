/* As little of a program as there can be, for an image that is small. */
volatile unsigned long ticks;
volatile unsigned char block[64];

__attribute__((noipa)) void tick(void)
{
	block[ticks % 64] += 3;
	ticks++;
}

__attribute__((noreturn)) void _start(void)
{
	unsigned sum = 0;

	for (int i = 0; i < 128; i++)
		tick();
	for (int i = 0; i < 64; i++)
		sum += block[i];
	// exit_group(0 if each byte was raised twice, else 1)
	asm volatile("syscall"
		     :
		     : "a"(231), "D"(sum == 64 * 6 && ticks == 128 ? 0 : 1));
	__builtin_unreachable();
}
