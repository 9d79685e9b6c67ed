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
  %8 = load float, ptr %7, align 4
  %9 = insertelement <16 x float> splat (float undef), float %8, i32 0
  %10 = shufflevector <16 x float> %9, <16 x float> splat (float undef), <16 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %11 = getelementptr i8, ptr %7, i64 4
  %12 = load float, ptr %11, align 4
  %13 = insertelement <16 x float> splat (float undef), float %12, i32 0
  %14 = shufflevector <16 x float> %13, <16 x float> splat (float undef), <16 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %15 = getelementptr i8, ptr %7, i64 8
  %16 = load float, ptr %15, align 4
  %17 = insertelement <16 x float> splat (float undef), float %16, i32 0
  %18 = shufflevector <16 x float> %17, <16 x float> splat (float undef), <16 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  br label %"f"
f:
  %"f.1" = phi  i64 [0, %"entry"], [%19, %"f.body"]
  %20 = phi  <16 x float> [%10, %"entry"], [%21, %"f.body"]
  %22 = phi  <16 x float> [%14, %"entry"], [%23, %"f.body"]
  %24 = phi  <16 x float> [%18, %"entry"], [%25, %"f.body"]
  %26 = icmp slt i64 %"f.1", 8
  br i1 %26, label %"f.body", label %"f.end"
f.body:
  %27 = mul i64 %"f.1", 64
  %28 = getelementptr i8, ptr %2, i64 %27
  %29 = load <16 x float>, ptr %28, align 64
  %30 = mul i64 %"f.1", 12
  %31 = getelementptr i8, ptr %"weights", i64 %30
  %32 = load float, ptr %31, align 4
  %33 = insertelement <16 x float> splat (float undef), float %32, i32 0
  %34 = shufflevector <16 x float> %33, <16 x float> splat (float undef), <16 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %35 = getelementptr i8, ptr %31, i64 4
  %36 = load float, ptr %35, align 4
  %37 = insertelement <16 x float> splat (float undef), float %36, i32 0
  %38 = shufflevector <16 x float> %37, <16 x float> splat (float undef), <16 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %39 = getelementptr i8, ptr %31, i64 8
  %40 = load float, ptr %39, align 4
  %41 = insertelement <16 x float> splat (float undef), float %40, i32 0
  %42 = shufflevector <16 x float> %41, <16 x float> splat (float undef), <16 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %43 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %29, <16 x float> %34, <16 x float> %20)
  %44 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %29, <16 x float> %38, <16 x float> %22)
  %45 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %29, <16 x float> %42, <16 x float> %24)
  %46 = getelementptr i8, ptr %28, i64 64
  %47 = load <16 x float>, ptr %46, align 64
  %48 = getelementptr i8, ptr %31, i64 12
  %49 = load float, ptr %48, align 4
  %50 = insertelement <16 x float> splat (float undef), float %49, i32 0
  %51 = shufflevector <16 x float> %50, <16 x float> splat (float undef), <16 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %52 = getelementptr i8, ptr %31, i64 16
  %53 = load float, ptr %52, align 4
  %54 = insertelement <16 x float> splat (float undef), float %53, i32 0
  %55 = shufflevector <16 x float> %54, <16 x float> splat (float undef), <16 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %56 = getelementptr i8, ptr %31, i64 20
  %57 = load float, ptr %56, align 4
  %58 = insertelement <16 x float> splat (float undef), float %57, i32 0
  %59 = shufflevector <16 x float> %58, <16 x float> splat (float undef), <16 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %60 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %47, <16 x float> %51, <16 x float> %43)
  %61 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %47, <16 x float> %55, <16 x float> %44)
  %62 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %47, <16 x float> %59, <16 x float> %45)
  %63 = getelementptr i8, ptr %28, i64 128
  %64 = load <16 x float>, ptr %63, align 64
  %65 = getelementptr i8, ptr %31, i64 24
  %66 = load float, ptr %65, align 4
  %67 = insertelement <16 x float> splat (float undef), float %66, i32 0
  %68 = shufflevector <16 x float> %67, <16 x float> splat (float undef), <16 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %69 = getelementptr i8, ptr %31, i64 28
  %70 = load float, ptr %69, align 4
  %71 = insertelement <16 x float> splat (float undef), float %70, i32 0
  %72 = shufflevector <16 x float> %71, <16 x float> splat (float undef), <16 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %73 = getelementptr i8, ptr %31, i64 32
  %74 = load float, ptr %73, align 4
  %75 = insertelement <16 x float> splat (float undef), float %74, i32 0
  %76 = shufflevector <16 x float> %75, <16 x float> splat (float undef), <16 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %77 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %64, <16 x float> %68, <16 x float> %60)
  %78 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %64, <16 x float> %72, <16 x float> %61)
  %79 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %64, <16 x float> %76, <16 x float> %62)
  %80 = getelementptr i8, ptr %28, i64 192
  %81 = load <16 x float>, ptr %80, align 64
  %82 = getelementptr i8, ptr %31, i64 36
  %83 = load float, ptr %82, align 4
  %84 = insertelement <16 x float> splat (float undef), float %83, i32 0
  %85 = shufflevector <16 x float> %84, <16 x float> splat (float undef), <16 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %86 = getelementptr i8, ptr %31, i64 40
  %87 = load float, ptr %86, align 4
  %88 = insertelement <16 x float> splat (float undef), float %87, i32 0
  %89 = shufflevector <16 x float> %88, <16 x float> splat (float undef), <16 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %90 = getelementptr i8, ptr %31, i64 44
  %91 = load float, ptr %90, align 4
  %92 = insertelement <16 x float> splat (float undef), float %91, i32 0
  %93 = shufflevector <16 x float> %92, <16 x float> splat (float undef), <16 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %21 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %81, <16 x float> %85, <16 x float> %77)
  %23 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %81, <16 x float> %89, <16 x float> %78)
  %25 = call <16 x float> @"llvm.fma.v16f32"(<16 x float> %81, <16 x float> %93, <16 x float> %79)
  %19 = add i64 %"f.1", 4
  br label %"f"
f.end:
  store <16 x float> %20, ptr %6, align 64
  %94 = getelementptr i8, ptr %6, i64 64
  store <16 x float> %22, ptr %94, align 64
  %95 = getelementptr i8, ptr %6, i64 128
  store <16 x float> %24, ptr %95, align 64
  ret void
}
