define internal void @"infer.dense.forward"(ptr %"table", i64 %"tid", i64 %"piece", i64 %"first", i64 %"end", i64 %"chunks", i64 %"step") noinline
{
entry:
  %0 = getelementptr i8, ptr %"table", i64 136
  %"x" = load ptr, ptr %0, align 8
  %1 = mul i64 %"tid", 768
  %2 = getelementptr i8, ptr %"x", i64 %1
  %3 = getelementptr i8, ptr %"table", i64 64
  %"weights" = load ptr, ptr %3, align 8
  %4 = getelementptr i8, ptr %"table", i64 144
  %"dense" = load ptr, ptr %4, align 8
  %5 = mul i64 %"tid", 448
  %6 = getelementptr i8, ptr %"dense", i64 %5
  %7 = getelementptr i8, ptr %"weights", i64 128
  br label %"g"
g:
  %"g.1" = phi  i64 [0, %"entry"], [%8, %"f.end"]
  %9 = icmp slt i64 %"g.1", 4
  br i1 %9, label %"g.body", label %"g.end"
g.body:
  %10 = load float, ptr %7, align 4
  %11 = insertelement <4 x float> splat (float undef), float %10, i32 0
  %12 = shufflevector <4 x float> %11, <4 x float> splat (float undef), <4 x i32> <i32 0, i32 0, i32 0, i32 0>
  %13 = getelementptr i8, ptr %7, i64 4
  %14 = load float, ptr %13, align 4
  %15 = insertelement <4 x float> splat (float undef), float %14, i32 0
  %16 = shufflevector <4 x float> %15, <4 x float> splat (float undef), <4 x i32> <i32 0, i32 0, i32 0, i32 0>
  %17 = getelementptr i8, ptr %7, i64 8
  %18 = load float, ptr %17, align 4
  %19 = insertelement <4 x float> splat (float undef), float %18, i32 0
  %20 = shufflevector <4 x float> %19, <4 x float> splat (float undef), <4 x i32> <i32 0, i32 0, i32 0, i32 0>
  br label %"f"
g.end:
  ret void
f:
  %"f.1" = phi  i64 [0, %"g.body"], [%21, %"f.body"]
  %22 = phi  <4 x float> [%12, %"g.body"], [%23, %"f.body"]
  %24 = phi  <4 x float> [%12, %"g.body"], [%25, %"f.body"]
  %26 = phi  <4 x float> [%16, %"g.body"], [%27, %"f.body"]
  %28 = phi  <4 x float> [%16, %"g.body"], [%29, %"f.body"]
  %30 = phi  <4 x float> [%20, %"g.body"], [%31, %"f.body"]
  %32 = phi  <4 x float> [%20, %"g.body"], [%33, %"f.body"]
  %34 = icmp slt i64 %"f.1", 8
  br i1 %34, label %"f.body", label %"f.end"
f.body:
  %35 = mul i64 %"f.1", 64
  %36 = mul i64 %"g.1", 16
  %37 = add i64 %35, %36
  %38 = getelementptr i8, ptr %2, i64 %37
  %39 = load <4 x float>, ptr %38, align 16
  %40 = getelementptr i8, ptr %38, i64 16
  %41 = load <4 x float>, ptr %40, align 16
  %42 = mul i64 %"f.1", 12
  %43 = getelementptr i8, ptr %"weights", i64 %42
  %44 = load float, ptr %43, align 4
  %45 = insertelement <4 x float> splat (float undef), float %44, i32 0
  %46 = shufflevector <4 x float> %45, <4 x float> splat (float undef), <4 x i32> <i32 0, i32 0, i32 0, i32 0>
  %47 = getelementptr i8, ptr %43, i64 4
  %48 = load float, ptr %47, align 4
  %49 = insertelement <4 x float> splat (float undef), float %48, i32 0
  %50 = shufflevector <4 x float> %49, <4 x float> splat (float undef), <4 x i32> <i32 0, i32 0, i32 0, i32 0>
  %51 = getelementptr i8, ptr %43, i64 8
  %52 = load float, ptr %51, align 4
  %53 = insertelement <4 x float> splat (float undef), float %52, i32 0
  %54 = shufflevector <4 x float> %53, <4 x float> splat (float undef), <4 x i32> <i32 0, i32 0, i32 0, i32 0>
  %55 = call <4 x float> @"llvm.fmuladd.v4f32"(<4 x float> %39, <4 x float> %46, <4 x float> %22)
  %56 = call <4 x float> @"llvm.fmuladd.v4f32"(<4 x float> %41, <4 x float> %46, <4 x float> %24)
  %57 = call <4 x float> @"llvm.fmuladd.v4f32"(<4 x float> %39, <4 x float> %50, <4 x float> %26)
  %58 = call <4 x float> @"llvm.fmuladd.v4f32"(<4 x float> %41, <4 x float> %50, <4 x float> %28)
  %59 = call <4 x float> @"llvm.fmuladd.v4f32"(<4 x float> %39, <4 x float> %54, <4 x float> %30)
  %60 = call <4 x float> @"llvm.fmuladd.v4f32"(<4 x float> %41, <4 x float> %54, <4 x float> %32)
  %61 = getelementptr i8, ptr %38, i64 64
  %62 = load <4 x float>, ptr %61, align 16
  %63 = getelementptr i8, ptr %38, i64 80
  %64 = load <4 x float>, ptr %63, align 16
  %65 = getelementptr i8, ptr %43, i64 12
  %66 = load float, ptr %65, align 4
  %67 = insertelement <4 x float> splat (float undef), float %66, i32 0
  %68 = shufflevector <4 x float> %67, <4 x float> splat (float undef), <4 x i32> <i32 0, i32 0, i32 0, i32 0>
  %69 = getelementptr i8, ptr %43, i64 16
  %70 = load float, ptr %69, align 4
  %71 = insertelement <4 x float> splat (float undef), float %70, i32 0
  %72 = shufflevector <4 x float> %71, <4 x float> splat (float undef), <4 x i32> <i32 0, i32 0, i32 0, i32 0>
  %73 = getelementptr i8, ptr %43, i64 20
  %74 = load float, ptr %73, align 4
  %75 = insertelement <4 x float> splat (float undef), float %74, i32 0
  %76 = shufflevector <4 x float> %75, <4 x float> splat (float undef), <4 x i32> <i32 0, i32 0, i32 0, i32 0>
  %77 = call <4 x float> @"llvm.fmuladd.v4f32"(<4 x float> %62, <4 x float> %68, <4 x float> %55)
  %78 = call <4 x float> @"llvm.fmuladd.v4f32"(<4 x float> %64, <4 x float> %68, <4 x float> %56)
  %79 = call <4 x float> @"llvm.fmuladd.v4f32"(<4 x float> %62, <4 x float> %72, <4 x float> %57)
  %80 = call <4 x float> @"llvm.fmuladd.v4f32"(<4 x float> %64, <4 x float> %72, <4 x float> %58)
  %81 = call <4 x float> @"llvm.fmuladd.v4f32"(<4 x float> %62, <4 x float> %76, <4 x float> %59)
  %82 = call <4 x float> @"llvm.fmuladd.v4f32"(<4 x float> %64, <4 x float> %76, <4 x float> %60)
  %83 = getelementptr i8, ptr %38, i64 128
  %84 = load <4 x float>, ptr %83, align 16
  %85 = getelementptr i8, ptr %38, i64 144
  %86 = load <4 x float>, ptr %85, align 16
  %87 = getelementptr i8, ptr %43, i64 24
  %88 = load float, ptr %87, align 4
  %89 = insertelement <4 x float> splat (float undef), float %88, i32 0
  %90 = shufflevector <4 x float> %89, <4 x float> splat (float undef), <4 x i32> <i32 0, i32 0, i32 0, i32 0>
  %91 = getelementptr i8, ptr %43, i64 28
  %92 = load float, ptr %91, align 4
  %93 = insertelement <4 x float> splat (float undef), float %92, i32 0
  %94 = shufflevector <4 x float> %93, <4 x float> splat (float undef), <4 x i32> <i32 0, i32 0, i32 0, i32 0>
  %95 = getelementptr i8, ptr %43, i64 32
  %96 = load float, ptr %95, align 4
  %97 = insertelement <4 x float> splat (float undef), float %96, i32 0
  %98 = shufflevector <4 x float> %97, <4 x float> splat (float undef), <4 x i32> <i32 0, i32 0, i32 0, i32 0>
  %99 = call <4 x float> @"llvm.fmuladd.v4f32"(<4 x float> %84, <4 x float> %90, <4 x float> %77)
  %100 = call <4 x float> @"llvm.fmuladd.v4f32"(<4 x float> %86, <4 x float> %90, <4 x float> %78)
  %101 = call <4 x float> @"llvm.fmuladd.v4f32"(<4 x float> %84, <4 x float> %94, <4 x float> %79)
  %102 = call <4 x float> @"llvm.fmuladd.v4f32"(<4 x float> %86, <4 x float> %94, <4 x float> %80)
  %103 = call <4 x float> @"llvm.fmuladd.v4f32"(<4 x float> %84, <4 x float> %98, <4 x float> %81)
  %104 = call <4 x float> @"llvm.fmuladd.v4f32"(<4 x float> %86, <4 x float> %98, <4 x float> %82)
  %105 = getelementptr i8, ptr %38, i64 192
  %106 = load <4 x float>, ptr %105, align 16
  %107 = getelementptr i8, ptr %38, i64 208
  %108 = load <4 x float>, ptr %107, align 16
  %109 = getelementptr i8, ptr %43, i64 36
  %110 = load float, ptr %109, align 4
  %111 = insertelement <4 x float> splat (float undef), float %110, i32 0
  %112 = shufflevector <4 x float> %111, <4 x float> splat (float undef), <4 x i32> <i32 0, i32 0, i32 0, i32 0>
  %113 = getelementptr i8, ptr %43, i64 40
  %114 = load float, ptr %113, align 4
  %115 = insertelement <4 x float> splat (float undef), float %114, i32 0
  %116 = shufflevector <4 x float> %115, <4 x float> splat (float undef), <4 x i32> <i32 0, i32 0, i32 0, i32 0>
  %117 = getelementptr i8, ptr %43, i64 44
  %118 = load float, ptr %117, align 4
  %119 = insertelement <4 x float> splat (float undef), float %118, i32 0
  %120 = shufflevector <4 x float> %119, <4 x float> splat (float undef), <4 x i32> <i32 0, i32 0, i32 0, i32 0>
  %23 = call <4 x float> @"llvm.fmuladd.v4f32"(<4 x float> %106, <4 x float> %112, <4 x float> %99)
  %25 = call <4 x float> @"llvm.fmuladd.v4f32"(<4 x float> %108, <4 x float> %112, <4 x float> %100)
  %27 = call <4 x float> @"llvm.fmuladd.v4f32"(<4 x float> %106, <4 x float> %116, <4 x float> %101)
  %29 = call <4 x float> @"llvm.fmuladd.v4f32"(<4 x float> %108, <4 x float> %116, <4 x float> %102)
  %31 = call <4 x float> @"llvm.fmuladd.v4f32"(<4 x float> %106, <4 x float> %120, <4 x float> %103)
  %33 = call <4 x float> @"llvm.fmuladd.v4f32"(<4 x float> %108, <4 x float> %120, <4 x float> %104)
  %21 = add i64 %"f.1", 4
  br label %"f"
f.end:
  %121 = mul i64 %"g.1", 16
  %122 = getelementptr i8, ptr %6, i64 %121
  store <4 x float> %22, ptr %122, align 16
  %123 = getelementptr i8, ptr %122, i64 16
  store <4 x float> %24, ptr %123, align 16
  %124 = getelementptr i8, ptr %122, i64 64
  store <4 x float> %26, ptr %124, align 16
  %125 = getelementptr i8, ptr %122, i64 80
  store <4 x float> %28, ptr %125, align 16
  %126 = getelementptr i8, ptr %122, i64 128
  store <4 x float> %30, ptr %126, align 16
  %127 = getelementptr i8, ptr %122, i64 144
  store <4 x float> %32, ptr %127, align 16
  %8 = add i64 %"g.1", 2
  br label %"g"
}
