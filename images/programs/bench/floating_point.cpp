#include "subjects.h"

#include <cmath>
#include <cstring>

namespace vmft::bench {
namespace {

// Sun, Jupiter, Saturn, Uranus, Neptune, roughly: any stable orbits would do, the numbers only have
// to be the same everywhere. Distances in astronomical units, time in days.
struct Body {
    double position[3];
    double velocity[3];
    double mass;
};

constexpr int body_count = 5;
constexpr double sun_mass = 2.9591220828559e-4;  // Gauss's constant squared
constexpr double step_days = 1.0;

const Body first_bodies[body_count] = {
    {{0, 0, 0}, {0, 0, 0}, sun_mass},
    {{5.2, 0, 0.1}, {0, 0.00754, 0}, sun_mass / 1047},
    {{0, 9.5, -0.2}, {-0.00558, 0, 0}, sun_mass / 3498},
    {{-19.2, 0, 0.3}, {0, -0.00393, 0}, sun_mass / 22903},
    {{0, -30.1, -0.4}, {0.00314, 0, 0}, sun_mass / 19412},
};

void attract(Body& left, Body& right) {
    double distance[3];
    double squared = 0;
    for (int axis = 0; axis < 3; ++axis) {
        distance[axis] = left.position[axis] - right.position[axis];
        squared += distance[axis] * distance[axis];
    }
    double pull = step_days / (squared * std::sqrt(squared));
    for (int axis = 0; axis < 3; ++axis) {
        left.velocity[axis] -= distance[axis] * right.mass * pull;
        right.velocity[axis] += distance[axis] * left.mass * pull;
    }
}

constexpr int matrix_rows = 160;
double left_matrix[matrix_rows][matrix_rows];
double right_matrix[matrix_rows][matrix_rows];
double product[matrix_rows][matrix_rows];

double multiply_matrices() {
    for (int i = 0; i < matrix_rows; ++i) {
        for (int j = 0; j < matrix_rows; ++j) {
            left_matrix[i][j] = 1.0 / (i + j + 1);
            right_matrix[i][j] = (i - j) * 0.5;
        }
    }
    for (int i = 0; i < matrix_rows; ++i) {
        for (int j = 0; j < matrix_rows; ++j) {
            double sum = 0;
            for (int k = 0; k < matrix_rows; ++k) sum += left_matrix[i][k] * right_matrix[k][j];
            product[i][j] = sum;
        }
    }
    double trace = 0;
    for (int i = 0; i < matrix_rows; ++i) trace += product[i][i];
    return trace;
}

}  // namespace

double orbit(uint32_t steps) {
    Body bodies[body_count];
    memcpy(bodies, first_bodies, sizeof bodies);
    for (uint32_t step = 0; step < steps; ++step) {
        for (int i = 0; i < body_count; ++i) {
            for (int j = i + 1; j < body_count; ++j) attract(bodies[i], bodies[j]);
        }
        for (Body& body : bodies) {
            for (int axis = 0; axis < 3; ++axis)
                body.position[axis] += step_days * body.velocity[axis];
        }
    }
    return bodies[1].position[0] + bodies[4].position[1];
}

uint32_t floating_point(uint32_t scale) {
    double results[2] = {orbit(400'000 * scale), 0};
    for (uint32_t round = 0; round < 4 * scale; ++round) results[1] += multiply_matrices();
    return crc32_of(results, sizeof results, 0);
}

}  // namespace vmft::bench
