define internal void @"infer.softmax.forward"(ptr %"table", i64 %"tid", i64 %"piece", i64 %"first", i64 %"end", i64 %"chunks", i64 %"step") noinline
{
entry:
  %0 = getelementptr i8, ptr %"table", i64 144
  %"dense" = load ptr, ptr %0, align 8
  %1 = mul i64 %"tid", 448
  %2 = getelementptr i8, ptr %"dense", i64 %1
  %3 = getelementptr i8, ptr %"table", i64 160
  %"softmax" = load ptr, ptr %3, align 8
  %4 = mul i64 %"tid", 448
  %5 = getelementptr i8, ptr %"softmax", i64 %4
  br label %"row"
row:
  %"row.1" = phi  i64 [0, %"entry"], [%6, %"g.end"]
  %7 = icmp slt i64 %"row.1", 1
  br i1 %7, label %"row.body", label %"row.end"
row.body:
  br label %"g"
row.end:
  ret void
g:
  %"g.1" = phi  i64 [0, %"row.body"], [%8, %"c.end.2"]
  %9 = icmp slt i64 %"g.1", 1
  br i1 %9, label %"g.body", label %"g.end"
g.body:
  %10 = mul i64 %"row.1", 192
  %11 = mul i64 %"g.1", 64
  %12 = add i64 %10, %11
  %13 = getelementptr i8, ptr %2, i64 %12
  %14 = load <16 x float>, ptr %13, align 64
  br label %"c"
g.end:
  %6 = add i64 %"row.1", 1
  br label %"row"
c:
  %"c.1" = phi  i64 [0, %"g.body"], [%15, %"c.body"]
  %16 = phi  <16 x float> [%14, %"g.body"], [%17, %"c.body"]
  %18 = icmp slt i64 %"c.1", 3
  br i1 %18, label %"c.body", label %"c.end"
c.body:
  %19 = mul i64 %"row.1", 192
  %20 = mul i64 %"c.1", 64
  %21 = add i64 %19, %20
  %22 = mul i64 %"g.1", 64
  %23 = add i64 %21, %22
  %24 = getelementptr i8, ptr %2, i64 %23
  %25 = load <16 x float>, ptr %24, align 64
  %26 = fcmp ogt <16 x float> %25, %16
  %27 = fcmp une <16 x float> %25, %25
  %28 = or <16 x i1> %26, %27
  %17 = select  <16 x i1> %28, <16 x float> %25, <16 x float> %16
  %15 = add i64 %"c.1", 1
  br label %"c"
c.end:
  br label %"c.2"
c.2:
  %"c.3" = phi  i64 [0, %"c.end"], [%29, %"c.body.1"]
  %30 = phi  <16 x float> [splat (float              0x0), %"c.end"], [%31, %"c.body.1"]
  %32 = icmp slt i64 %"c.3", 3
  br i1 %32, label %"c.body.1", label %"c.end.1"
c.body.1:
  %33 = mul i64 %"row.1", 192
  %34 = mul i64 %"c.3", 64
  %35 = add i64 %33, %34
  %36 = mul i64 %"g.1", 64
  %37 = add i64 %35, %36
  %38 = getelementptr i8, ptr %2, i64 %37
  %39 = load <16 x float>, ptr %38, align 64
  %40 = fsub <16 x float> %39, %16
  %41 = fcmp ogt <16 x float> %40, splat (float 0x4056333340000000)
  %42 = select  <16 x i1> %41, <16 x float> splat (float 0x4056333340000000), <16 x float> %40
  %43 = fcmp olt <16 x float> %42, splat (float 0xc05a000000000000)
  %44 = select  <16 x i1> %43, <16 x float> splat (float 0xc05a000000000000), <16 x float> %42
  %45 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %44, <16 x float> splat (float 0x3ff7154760000000), <16 x float> splat (float 0x4168000000000000))
  %46 = fsub <16 x float> %45, splat (float 0x4168000000000000)
  %47 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %46, <16 x float> splat (float 0xbfe6300000000000), <16 x float> %44)
  %48 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %46, <16 x float> splat (float 0x3f2bd01060000000), <16 x float> %47)
  %49 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> splat (float 0x3f2a0d2ce0000000), <16 x float> %48, <16 x float> splat (float 0x3f56e879c0000000))
  %50 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %49, <16 x float> %48, <16 x float> splat (float 0x3f81112100000000))
  %51 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %50, <16 x float> %48, <16 x float> splat (float 0x3fa5553820000000))
  %52 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %51, <16 x float> %48, <16 x float> splat (float 0x3fc5555540000000))
  %53 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %52, <16 x float> %48, <16 x float> splat (float 0x3fe0000000000000))
  %54 = fmul <16 x float> %48, %48
  %55 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %53, <16 x float> %54, <16 x float> %48)
  %56 = fadd <16 x float> %55, splat (float 0x3ff0000000000000)
  %57 = bitcast <16 x float> %45 to <16 x i32>
  %58 = sub <16 x i32> %57, splat (i32 1262485504)
  %59 = ashr <16 x i32> %58, splat (i32 1)
  %60 = sub <16 x i32> %58, %59
  %61 = add <16 x i32> %59, splat (i32 127)
  %62 = shl <16 x i32> %61, splat (i32 23)
  %63 = bitcast <16 x i32> %62 to <16 x float>
  %64 = fmul <16 x float> %56, %63
  %65 = add <16 x i32> %60, splat (i32 127)
  %66 = shl <16 x i32> %65, splat (i32 23)
  %67 = bitcast <16 x i32> %66 to <16 x float>
  %68 = fmul <16 x float> %64, %67
  %31 = fadd <16 x float> %30, %68
  %29 = add i64 %"c.3", 1
  br label %"c.2"
c.end.1:
  br label %"c.4"
c.4:
  %"c.5" = phi  i64 [0, %"c.end.1"], [%69, %"c.body.2"]
  %70 = icmp slt i64 %"c.5", 3
  br i1 %70, label %"c.body.2", label %"c.end.2"
c.body.2:
  %71 = mul i64 %"row.1", 192
  %72 = mul i64 %"c.5", 64
  %73 = add i64 %71, %72
  %74 = mul i64 %"g.1", 64
  %75 = add i64 %73, %74
  %76 = getelementptr i8, ptr %2, i64 %75
  %77 = load <16 x float>, ptr %76, align 64
  %78 = fsub <16 x float> %77, %16
  %79 = fcmp ogt <16 x float> %78, splat (float 0x4056333340000000)
  %80 = select  <16 x i1> %79, <16 x float> splat (float 0x4056333340000000), <16 x float> %78
  %81 = fcmp olt <16 x float> %80, splat (float 0xc05a000000000000)
  %82 = select  <16 x i1> %81, <16 x float> splat (float 0xc05a000000000000), <16 x float> %80
  %83 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %82, <16 x float> splat (float 0x3ff7154760000000), <16 x float> splat (float 0x4168000000000000))
  %84 = fsub <16 x float> %83, splat (float 0x4168000000000000)
  %85 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %84, <16 x float> splat (float 0xbfe6300000000000), <16 x float> %82)
  %86 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %84, <16 x float> splat (float 0x3f2bd01060000000), <16 x float> %85)
  %87 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> splat (float 0x3f2a0d2ce0000000), <16 x float> %86, <16 x float> splat (float 0x3f56e879c0000000))
  %88 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %87, <16 x float> %86, <16 x float> splat (float 0x3f81112100000000))
  %89 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %88, <16 x float> %86, <16 x float> splat (float 0x3fa5553820000000))
  %90 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %89, <16 x float> %86, <16 x float> splat (float 0x3fc5555540000000))
  %91 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %90, <16 x float> %86, <16 x float> splat (float 0x3fe0000000000000))
  %92 = fmul <16 x float> %86, %86
  %93 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %91, <16 x float> %92, <16 x float> %86)
  %94 = fadd <16 x float> %93, splat (float 0x3ff0000000000000)
  %95 = bitcast <16 x float> %83 to <16 x i32>
  %96 = sub <16 x i32> %95, splat (i32 1262485504)
  %97 = ashr <16 x i32> %96, splat (i32 1)
  %98 = sub <16 x i32> %96, %97
  %99 = add <16 x i32> %97, splat (i32 127)
  %100 = shl <16 x i32> %99, splat (i32 23)
  %101 = bitcast <16 x i32> %100 to <16 x float>
  %102 = fmul <16 x float> %94, %101
  %103 = add <16 x i32> %98, splat (i32 127)
  %104 = shl <16 x i32> %103, splat (i32 23)
  %105 = bitcast <16 x i32> %104 to <16 x float>
  %106 = fmul <16 x float> %102, %105
  %107 = fdiv <16 x float> %106, %30
  %108 = mul i64 %"row.1", 192
  %109 = mul i64 %"c.5", 64
  %110 = add i64 %108, %109
  %111 = mul i64 %"g.1", 64
  %112 = add i64 %110, %111
  %113 = getelementptr i8, ptr %5, i64 %112
  store <16 x float> %107, ptr %113, align 64
  %69 = add i64 %"c.5", 1
  br label %"c.4"
c.end.2:
  %8 = add i64 %"g.1", 1
  br label %"g"
}
