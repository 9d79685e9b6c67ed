// The lab run on oneDNN's primitives, called directly: the strongest peer that was found.
//
// Two shards: each half of a batch runs on a thread of its own, every primitive single-threaded; the halves'
// gradients are summed by Adam, half of the parameters each. Convolution and pooling go through 8 images at a
// time, so that activations stay in the second-level cache.
//
// Speaks the bench's protocol (harness/protocol.py); reads mnist/*.bin in the current folder.

#include <dnnl.hpp>
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <numeric>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

using dnnl::algorithm;
using dnnl::memory;
using dnnl::prop_kind;
using tag = memory::format_tag;

constexpr int N_SHARDS = 2, BATCH = 128, BLOCK = 8, N_IMAGES = 60000, N_TRAIN = 54000;
constexpr int PIXELS = 28 * 28, FILTERS = 32, FEATURES = 12 * 12 * FILTERS, HIDDEN = 20, CLASSES = 10;
constexpr float LEARNING_RATE = 1e-3f, BETA_1 = 0.9f, BETA_2 = 0.999f, EPSILON = 1e-7f;

static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);

static memory::desc described(memory::dims dims, tag format) { return {dims, memory::data_type::f32, format}; }
static float *floats(const memory &m) { return static_cast<float *>(m.get_data_handle()); }
static size_t n_floats(const memory &m) { return m.get_desc().get_size() / sizeof(float); }

// A part of a larger memory, `offset` bytes from its start.
static memory part(const memory &whole, const memory::desc &desc, size_t offset) {
    return memory(desc, cpu, static_cast<char *>(whole.get_data_handle()) + offset);
}

// A primitive with its arguments.
struct Call {
    dnnl::primitive primitive;
    std::unordered_map<int, memory> arguments;
    void operator()(dnnl::stream &stream) const {
        if (primitive) primitive.execute(stream, arguments);
    }
};

// Copies into another layout; nothing where both are the same memory.
static Call reorder(const memory &from, const memory &to) {
    if (from.get_data_handle() == to.get_data_handle()) return {};
    return {dnnl::reorder(from, to), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}}};
}

// `m` itself if it has the layout, else new memory of that layout.
static memory in_layout(const memory &m, const memory::desc &desc) {
    return m.get_desc() == desc ? m : memory(desc, cpu);
}

// Weights in the layout that the forward pass wants, with Adam's two moments.
struct Parameter {
    memory value;
    std::vector<float> m, v;

    Parameter(const memory::desc &desc, const memory::desc &plain, float limit, std::mt19937 &random)
        : value(desc, cpu), m(n_floats(value)), v(n_floats(value)) {
        memory initial(plain, cpu);
        std::uniform_real_distribution<float> uniform(-limit, limit);
        std::generate_n(floats(initial), n_floats(initial), [&] { return limit > 0 ? uniform(random) : 0.0f; });
        dnnl::stream stream(cpu);
        dnnl::reorder(initial, value).execute(stream, initial, value);
        stream.wait();
    }

    // Adam as in Keras, on elements [from, to), with the sum of both shards' gradients.
    void update(const float *gradient_0, const float *gradient_1, size_t from, size_t to, float rate) {
        float *w = floats(value);
        for (size_t i = from; i < to; i++) {
            const float g = gradient_0[i] + gradient_1[i];
            m[i] += (g - m[i]) * (1 - BETA_1);
            v[i] += (g * g - v[i]) * (1 - BETA_2);
            w[i] -= rate * m[i] / (std::sqrt(v[i]) + EPSILON);
        }
    }
};

enum { FILTER_KERNEL, FILTER_BIAS, KERNEL_1, BIAS_1, KERNEL_2, BIAS_2 };

static memory::desc plain(int parameter) {
    switch (parameter) {
        case FILTER_KERNEL: return described({FILTERS, 1, 5, 5}, tag::oihw);
        case KERNEL_1: return described({HIDDEN, FILTERS, 12, 12}, tag::oihw);
        case KERNEL_2: return described({CLASSES, HIDDEN}, tag::oi);
        case FILTER_BIAS: return described({FILTERS}, tag::a);
        case BIAS_1: return described({HIDDEN}, tag::a);
        default: return described({CLASSES}, tag::a);
    }
}

// The forward primitives for n images, in the layouts that oneDNN prefers for the weights.
struct Forward {
    tag blocked = has_avx512() ? tag::nChw16c : tag::nChw8c;
    memory::desc images = described({BLOCK, 1, 28, 28}, tag::nchw);
    memory::desc maps = described({BLOCK, FILTERS, 24, 24}, blocked);
    memory::desc pooled = described({BLOCK, FILTERS, 12, 12}, blocked);
    memory::desc features, hidden, logits;
    dnnl::convolution_forward::primitive_desc convolution;
    dnnl::pooling_forward::primitive_desc pool;
    dnnl::inner_product_forward::primitive_desc dense_1, dense_2;

    explicit Forward(int n)
        : features(described({n, FILTERS, 12, 12}, blocked)), hidden(described({n, HIDDEN}, tag::nc)),
          logits(described({n, CLASSES}, tag::nc)) {
        dnnl::post_ops rectify;
        rectify.append_eltwise(algorithm::eltwise_relu, 0, 0);
        dnnl::primitive_attr relu;
        relu.set_post_ops(rectify);
        const auto training = prop_kind::forward_training;
        convolution = {cpu, training, algorithm::convolution_direct, images, any(FILTER_KERNEL), plain(FILTER_BIAS),
                       maps, {1, 1}, {0, 0}, {0, 0}, relu};
        pool = {cpu, training, algorithm::pooling_max, maps, pooled, {2, 2}, {2, 2}, {0, 0}, {0, 0}, {0, 0}};
        dense_1 = {cpu, training, features, any(KERNEL_1), plain(BIAS_1), hidden, relu};
        dense_2 = {cpu, training, hidden, any(KERNEL_2), plain(BIAS_2), logits};
    }

    static bool has_avx512() {  // an instruction set is the set of its bits
        const auto bits = [](dnnl::cpu_isa isa) { return static_cast<unsigned>(isa); };
        const unsigned wanted = bits(dnnl::cpu_isa::avx512_core);
        return (bits(dnnl::get_effective_cpu_isa()) & wanted) == wanted;
    }

    static memory::desc any(int parameter) { return described(plain(parameter).get_dims(), tag::any); }
};

static std::vector<Parameter> initial_parameters(std::mt19937 &random) {
    const Forward forward(BATCH / N_SHARDS);
    const auto glorot = [](float fan_in, float fan_out) { return std::sqrt(6 / (fan_in + fan_out)); };
    return {
        {forward.convolution.weights_desc(), plain(FILTER_KERNEL), glorot(25, 25 * FILTERS), random},
        {plain(FILTER_BIAS), plain(FILTER_BIAS), 0, random},
        {forward.dense_1.weights_desc(), plain(KERNEL_1), glorot(FEATURES, HIDDEN), random},
        {plain(BIAS_1), plain(BIAS_1), 0, random},
        {forward.dense_2.weights_desc(), plain(KERNEL_2), glorot(HIDDEN, CLASSES), random},
        {plain(BIAS_2), plain(BIAS_2), 0, random},
    };
}

// One shard's network for n images: its activations, its gradients, and the calls of a step.
class Shard {
public:
    const int n;
    std::vector<memory> gradients;  // in the layouts of the parameters

    Shard(int n, std::vector<Parameter> &parameters) : n(n), forward_(n), labels_(n) {
        for (const Parameter &p : parameters) {
            values_.push_back(p.value);
            gradients.emplace_back(p.value.get_desc(), cpu);
        }
        images_ = memory(described({n, 1, 28, 28}, tag::nchw), cpu);
        maps_ = memory(forward_.maps, cpu);
        features_ = memory(forward_.features, cpu);
        hidden_ = memory(forward_.hidden, cpu);
        logits_ = memory(forward_.logits, cpu);
        prepare_backward();
        for (int block = 0; block < n / BLOCK; block++) prepare_block(block);
    }

    void load(const uint8_t *x, const uint8_t *y, const int *order) {
        float *to = floats(images_);
        for (int i = 0; i < n; i++, to += PIXELS) {
            const uint8_t *from = x + size_t(order[i]) * PIXELS;
            std::transform(from, from + PIXELS, to, [](uint8_t pixel) { return pixel * (1 / 255.0f); });
            labels_[i] = y[order[i]];
        }
    }

    void forward() {
        for (const Block &block : blocks_) {
            block.convolve(stream_);
            block.pool(stream_);
        }
        dense_1_(stream_);
        dense_2_(stream_);
        stream_.wait();
    }

    // Softmax and cross-entropy: the gradient of the batch's mean loss, and the number of hits.
    int loss(int batch) {
        int hits = 0;
        for (int i = 0; i < n; i++) {
            const float *logit = floats(logits_) + i * CLASSES;
            float *gradient = floats(d_logits_) + i * CLASSES;
            const float largest = *std::max_element(logit, logit + CLASSES);
            hits += logit[labels_[i]] == largest;
            float sum = 0;
            for (int k = 0; k < CLASSES; k++) sum += gradient[k] = std::exp(logit[k] - largest);
            for (int k = 0; k < CLASSES; k++) gradient[k] = (gradient[k] / sum - (k == labels_[i])) / batch;
        }
        return hits;
    }

    void backward() {
        for (const Call &call : backward_dense_) call(stream_);
        float *kernel = floats(d_filters_), *bias = floats(gradients[FILTER_BIAS]);
        std::fill_n(kernel, n_floats(d_filters_), 0.0f);
        std::fill_n(bias, FILTERS, 0.0f);
        for (const Block &block : blocks_) {
            block.unpool(stream_);
            block.convolution_gradient(stream_);
            add(floats(block_d_filters_), n_floats(d_filters_), kernel);
            add(floats(block_d_bias_), FILTERS, bias);
        }
        filters_to_parameter_layout_(stream_);
        stream_.wait();
    }

private:
    struct Block { Call convolve, pool, unpool, convolution_gradient; };

    static void add(const float *from, size_t count, float *to) {
        for (size_t i = 0; i < count; i++) to[i] += from[i];
    }

    void prepare_backward() {
        d_logits_ = memory(forward_.logits, cpu);
        d_hidden_ = memory(forward_.hidden, cpu);
        d_features_ = memory(forward_.features, cpu);
        d_maps_ = memory(forward_.maps, cpu);
        dense_1_ = dense(forward_.dense_1, features_, KERNEL_1, hidden_);
        dense_2_ = dense(forward_.dense_2, hidden_, KERNEL_2, logits_);
        prepare_dense_gradient(forward_.dense_2, hidden_, KERNEL_2, d_logits_, d_hidden_);
        prepare_dense_gradient(forward_.dense_1, features_, KERNEL_1, d_hidden_, d_features_);
        unpool_ = {cpu, algorithm::pooling_max, forward_.maps, forward_.pooled, {2, 2}, {2, 2}, {0, 0}, {0, 0}, {0, 0},
                   forward_.pool};
        convolution_gradient_ = {cpu, algorithm::convolution_direct, forward_.images, Forward::any(FILTER_KERNEL),
                                 plain(FILTER_BIAS), forward_.maps, {1, 1}, {0, 0}, {0, 0}, forward_.convolution};
        block_d_filters_ = memory(convolution_gradient_.diff_weights_desc(), cpu);
        block_d_bias_ = memory(plain(FILTER_BIAS), cpu);
        d_filters_ = in_layout(gradients[FILTER_KERNEL], convolution_gradient_.diff_weights_desc());
        filters_to_parameter_layout_ = reorder(d_filters_, gradients[FILTER_KERNEL]);
    }

    Call dense(const dnnl::inner_product_forward::primitive_desc &desc, memory x, int kernel, memory y) {
        return {dnnl::inner_product_forward(desc),
                {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, values_[kernel]}, {DNNL_ARG_BIAS, values_[kernel + 1]},
                 {DNNL_ARG_DST, y}}};
    }

    // From d_y of a dense layer to the gradients of its weights, and to d_x through the ReLU that made x.
    void prepare_dense_gradient(const dnnl::inner_product_forward::primitive_desc &forward, memory x, int kernel,
                                memory d_y, memory d_x) {
        const auto x_desc = x.get_desc(), y_desc = d_y.get_desc();
        dnnl::inner_product_backward_weights::primitive_desc weights(cpu, x_desc, Forward::any(kernel),
                                                                     plain(kernel + 1), y_desc, forward);
        dnnl::inner_product_backward_data::primitive_desc data(cpu, x_desc, Forward::any(kernel), y_desc, forward);
        const auto relu = algorithm::eltwise_relu_use_dst_for_bwd;
        dnnl::eltwise_forward::primitive_desc rectify(cpu, prop_kind::forward_training, relu, x_desc, x_desc, 0.0f);
        dnnl::eltwise_backward::primitive_desc rectify_back(cpu, relu, x_desc, x_desc, x_desc, 0.0f, rectify);

        const memory d_kernel = in_layout(gradients[kernel], weights.diff_weights_desc());
        const memory transposed = in_layout(values_[kernel], data.weights_desc());
        backward_dense_.insert(backward_dense_.end(), {
            {dnnl::inner_product_backward_weights(weights),
             {{DNNL_ARG_SRC, x}, {DNNL_ARG_DIFF_DST, d_y}, {DNNL_ARG_DIFF_WEIGHTS, d_kernel},
              {DNNL_ARG_DIFF_BIAS, gradients[kernel + 1]}}},
            reorder(d_kernel, gradients[kernel]),
            reorder(values_[kernel], transposed),
            {dnnl::inner_product_backward_data(data),
             {{DNNL_ARG_DIFF_DST, d_y}, {DNNL_ARG_WEIGHTS, transposed}, {DNNL_ARG_DIFF_SRC, d_x}}},
            {dnnl::eltwise_backward(rectify_back),
             {{DNNL_ARG_DST, x}, {DNNL_ARG_DIFF_DST, d_x}, {DNNL_ARG_DIFF_SRC, d_x}}},
        });
    }

    void prepare_block(int block) {
        const auto winners_desc = forward_.pool.workspace_desc();
        const memory images = part(images_, forward_.images, block * forward_.images.get_size());
        const memory pooled = part(features_, forward_.pooled, block * forward_.pooled.get_size());
        const memory d_pooled = part(d_features_, forward_.pooled, block * forward_.pooled.get_size());
        const memory winners(winners_desc, cpu);
        blocks_.push_back({
            {dnnl::convolution_forward(forward_.convolution),
             {{DNNL_ARG_SRC, images}, {DNNL_ARG_WEIGHTS, values_[FILTER_KERNEL]},
              {DNNL_ARG_BIAS, values_[FILTER_BIAS]}, {DNNL_ARG_DST, maps_}}},
            {dnnl::pooling_forward(forward_.pool),
             {{DNNL_ARG_SRC, maps_}, {DNNL_ARG_DST, pooled}, {DNNL_ARG_WORKSPACE, winners}}},
            {dnnl::pooling_backward(unpool_),
             {{DNNL_ARG_DIFF_DST, d_pooled}, {DNNL_ARG_WORKSPACE, winners}, {DNNL_ARG_DIFF_SRC, d_maps_}}},
            {dnnl::convolution_backward_weights(convolution_gradient_),
             {{DNNL_ARG_SRC, images}, {DNNL_ARG_DIFF_DST, d_maps_}, {DNNL_ARG_DIFF_WEIGHTS, block_d_filters_},
              {DNNL_ARG_DIFF_BIAS, block_d_bias_}}},
        });
    }

    dnnl::stream stream_{cpu};
    Forward forward_;
    std::vector<int> labels_;
    std::vector<memory> values_;
    memory images_, maps_, features_, hidden_, logits_;
    memory d_logits_, d_hidden_, d_features_, d_maps_, d_filters_, block_d_filters_, block_d_bias_;
    dnnl::pooling_backward::primitive_desc unpool_;
    dnnl::convolution_backward_weights::primitive_desc convolution_gradient_;
    Call dense_1_, dense_2_, filters_to_parameter_layout_;
    std::vector<Call> backward_dense_;
    std::vector<Block> blocks_;
};

static std::vector<uint8_t> read_file(const char *path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        std::fprintf(stderr, "cannot read %s\n", path);
        std::exit(1);
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

class LabRun {
public:
    LabRun() : x_(read_file("mnist/x_train.bin")), y_(read_file("mnist/y_train.bin")), order_(N_IMAGES) {
        std::iota(order_.begin(), order_.end(), 0);
        for (int k = 0; k < N_SHARDS; k++) {
            whole_.emplace_back(BATCH / N_SHARDS, parameters_);
            last_.emplace_back(N_TRAIN % BATCH / N_SHARDS, parameters_);
        }
    }

    // One epoch and the validation after it; the validation accuracy.
    double epoch() {
        std::shuffle(order_.begin(), order_.begin() + N_TRAIN, random_);
        int hits = 0;
        #pragma omp parallel num_threads(N_SHARDS) reduction(+ : hits)
        {
            const int k = omp_get_thread_num();
            for (int first = 0; first < N_TRAIN; first += BATCH) step(k, first);
            for (int first = N_TRAIN; first < N_IMAGES; first += BATCH) {
                Shard &shard = shards(first, N_IMAGES)[k];
                load(shard, k, first);
                shard.forward();
                hits += shard.loss(BATCH);
            }
        }
        n_steps_ += (N_TRAIN + BATCH - 1) / BATCH;
        return double(hits) / (N_IMAGES - N_TRAIN);
    }

private:
    std::vector<Shard> &shards(int first, int end) { return end - first < BATCH ? last_ : whole_; }

    void load(Shard &shard, int k, int first) { shard.load(x_.data(), y_.data(), &order_[first + k * shard.n]); }

    void step(int k, int first) {
        std::vector<Shard> &both = shards(first, N_TRAIN);
        Shard &shard = both[k];
        load(shard, k, first);
        shard.forward();
        shard.loss(shard.n * N_SHARDS);
        shard.backward();
        const int t = n_steps_ + first / BATCH + 1;
        const float rate = LEARNING_RATE * std::sqrt(1 - std::pow(BETA_2, t)) / (1 - std::pow(BETA_1, t));
        #pragma omp barrier
        for (size_t j = 0; j < parameters_.size(); j++) {
            const size_t size = n_floats(parameters_[j].value);
            parameters_[j].update(floats(both[0].gradients[j]), floats(both[1].gradients[j]), size * k / N_SHARDS,
                                  size * (k + 1) / N_SHARDS, rate);
        }
        #pragma omp barrier
    }

    std::mt19937 random_{1};
    std::vector<uint8_t> x_, y_;
    std::vector<int> order_;
    std::vector<Parameter> parameters_ = initial_parameters(random_);
    std::vector<Shard> whole_, last_;
    int n_steps_ = 0;
};

static_assert(N_TRAIN % BATCH == (N_IMAGES - N_TRAIN) % BATCH, "one size of last batch serves both parts");
static_assert(BATCH / N_SHARDS % BLOCK == 0 && N_TRAIN % BATCH / N_SHARDS % BLOCK == 0, "blocks fill the shards");

int main() {
    omp_set_num_threads(1);  // every primitive runs on the thread that calls it
    LabRun run;
    const dnnl_version_t *version = dnnl_version();
    std::printf("{\"ready\": {\"oneDNN\": \"%d.%d.%d\"}}\n", version->major, version->minor, version->patch);
    std::fflush(stdout);
    for (std::string line; std::getline(std::cin, line) && line == "go";) {
        const auto start = std::chrono::steady_clock::now();
        const double val_accuracy = run.epoch();
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        std::printf("{\"value\": %.6f, \"val_accuracy\": %.6f}\n", took.count(), val_accuracy);
        std::fflush(stdout);
    }
}
