/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Instruction forms of aarch64 for the comparison with other tools: moves, and beginnings of functions. */
	.arch armv8.3-a+lse
	.text

	.macro fn n
	.local \n
	.type \n,%function
\n: .cfi_startproc
	.endm
	.macro efn
.cfi_endproc
	.endm

	fn moves
1: adr x3, 1b
	adr x5, 2f+3
	adrp x7, 2f
	adrp xzr, 2f
	ldr x1, 2f
	ldr w2, 2f
	ldrsw x3, 2f
	ldr s4, 2f
	ldr d5, 2f
	ldr q6, 2f
	prfm pldl1keep, 2f
	cbz x1, 1b
	cbnz w1, 2f
	tbz x1, #33, 1b
	tbnz w1, #0, 2f
	tbnz x2, #1, 2f
	b.eq 1b
	b.ne 2f
	b.hi 2f
	b.lt 1b
	b.vs 1b
	b 2f
	bl 2f
	bl 1b
	blr x3
	blr x16
	blr x30
	br x3
	ret
	ret x5
	nop
	paciasp
	autiasp
	svc #0
	mrs x0, nzcv
	msr nzcv, x1
	ldadd x1, x2, [sp]
	cas x1, x2, [sp]
	ldxr x1, [sp]
	stxr w3, x1, [sp]
	brk #1
	hlt #3
2: nop
	.word 0
	.word 0x12345678
	ret
	efn

	fn pro1
	stp x29, x30, [sp, #-64]!
	stp x20, x19, [sp, #16]
	str x21, [sp, #32]
	mov x29, sp
	sub sp, sp, #0x120
	str x0, [sp, #8]
	str w1, [sp, #16]
	strh w2, [sp, #20]
	strb w3, [sp, #22]
	sturb w4, [x29, #-3]
	stp x5, x6, [x29, #-24]
	stp w5, w6, [sp, #24]
	stp d0, d1, [sp, #48]
	stp q0, q1, [sp, #64]
	stp s2, s3, [sp, #56]
	str q4, [sp, #112]
	str d5, [sp, #128]
	str s6, [sp, #136]
	str h6, [sp, #140]
	str b7, [sp, #142]
	mov x9, x7
	str x9, [sp, #144]
	mov w9, w7
	str w9, [sp, #144]
	str x9, [sp, #144]
	fmov d9, d0
	str d9, [sp, #152]
	str q9, [sp, #160]
	mov v9.16b, v1.16b
	str q9, [sp, #160]
	fmov s9, s1
	str s9, [sp, #152]
	and w9, w7, #1
	strb w9, [sp, #152]
	add x10, sp, #0x40
	str x4, [x10, #8]
	str x4, [x10], #16
	str x4, [x10]
	str x5, [x10, #-8]!
	mov x3, #512
	str x5, [x10, x3, lsl #3]
	mov x11, #0x30
	movk x11, #1, lsl #16
	sub sp, sp, x11
	str x7, [sp]
	add sp, sp, x11
	mov x11, #16
	add sp, sp, x11, lsl #1
	sub sp, sp, #32
	str xzr, [sp, #8]
	add sp, sp, #0x120
	ldr x21, [sp, #32]
	ldp x20, x19, [sp, #16]
	ldp x29, x30, [sp], #64
	ret
	efn

	fn pro2
	adds x0, x1, x2
	subs xzr, x3, x4
	cmp x5, #3
	ccmp x5, #3, #0, eq
	ccmn w5, w6, #0, eq
	csel x7, x1, x2, eq
	cset w8, ne
	mul x9, x1, x2
	madd x10, x1, x2, x3
	umulh x11, x1, x2
	udiv x12, x1, x2
	lsl x13, x1, #3
	lslv x14, x1, x2
	ubfx x15, x1, #3, #4
	sxtw x16, w1
	extr x17, x1, x2, #3
	rbit x18, x1
	clz x19, x1
	crc32x w20, w1, x2
	adc x21, x1, x2
	movn x22, #3
	movk x23, #3
	and x24, x1, x2
	bics x25, x1, x2
	tst x1, x2
	eor x26, x1, #0xff
	fmov x0, d0
	fmov d1, x1
	fmov s2, w1
	fmov w3, s2
	fmov v3.d[1], x1
	fmov x4, v3.d[1]
	fmov d4, #1.0
	fcvtzs x5, d0
	fcvtzu w6, s0
	fcvtzs x7, d0, #3
	scvtf d5, x1
	ucvtf s6, w1
	scvtf d7, x1, #3
	frintz d8, d0
	fcvt d9, s1
	fadd d10, d1, d2
	fmadd d11, d1, d2, d3
	fcmp d0, d1
	fcmpe d0, #0.0
	fccmp d0, d1, #0, eq
	fcsel d12, d1, d2, eq
	umov w8, v0.b[1]
	umov x9, v0.d[1]
	smov x10, v0.h[1]
	mov v13.b[1], w1
	dup v14.4s, w1
	dup v15.4s, v1.s[1]
	add v16.4s, v1.4s, v2.4s
	movi v17.2d, #0
	addv s18, v1.4s
	cmeq v19.16b, v1.16b, v2.16b
	tbl v20.16b, {v1.16b, v2.16b}, v3.16b
	ext v21.16b, v1.16b, v2.16b, #3
	sub x26, sp, #0x100
	ld1 {v22.16b, v23.16b}, [sp]
	ld1 {v24.16b, v25.16b, v26.16b}, [x26], #48
	ld1r {v27.4s}, [sp]
	ld2 {v28.4s, v29.4s}, [sp]
	st1 {v22.16b}, [sp]
	ldp x11, x12, [sp]
	ldpsw x13, x14, [sp]
	ldp q0, q1, [sp]
	ldrb w15, [sp]
	ldrsb x16, [sp]
	ldrsh w17, [sp, #2]
	ldrsw x18, [sp]
	ldr q2, [sp]
	ldr h3, [sp]
	ldr x19, [x26], #8
	ldr x20, [x26, #-8]!
	ldur x21, [x26, #-3]
	mov x1, #2
	ldr x22, [x26, x1, lsl #3]
	ldxr x23, [sp]
	stxr w24, x23, [sp]
	ldar x25, [sp]
	stlr x25, [sp]
	ldaxp x0, x1, [sp]
	stlxp w2, x0, x1, [sp]
	ldadd x1, x2, [sp]
	swp x3, x4, [sp]
	stadd x3, [sp]
	cas x5, x6, [sp]
	casp x8, x9, x10, x11, [sp]
	mrs x7, nzcv
	msr nzcv, x1
	mrs x12, tpidr_el0
	adr x13, pro2
	adrp x14, pro2
	ldr x15, pro2
	prfm pldl1keep, [sp]
	nop
	dmb ish
	isb
	rev x16, x1
	aese v1.16b, v2.16b
	sub x0, sp, #16
	and sp, x0, #-64
	str x9, [sp]
	ret
	efn

	fn pro3
	sub x9, sp, #16, lsl #12
1: sub sp, sp, #1, lsl #12
	cmp sp, x9
	str xzr, [sp]
	b.ne 1b
	sub sp, sp, #272
	str x0, [sp, #8]
	str x29, [sp, #256]
	add sp, sp, #16, lsl #12
	add sp, sp, #272
	ret
	efn
