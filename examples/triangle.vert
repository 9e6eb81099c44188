// A triangle about the middle of the picture, turned by an angle. Its corners are a third of the
// picture's height from there.
// SPDX-License-Identifier: MIT
#version 450

layout(push_constant) uniform constants
{
	float angle;  // radians, clockwise in the picture
	float aspect; // height by width
};
layout(location = 0) out vec3 colour;

const float radius = 2.0 / 3.0;
const vec3 colours[3] = vec3[](vec3(1.0, 0.3, 0.2), vec3(0.2, 0.9, 0.4), vec3(0.3, 0.4, 1.0));

void main()
{
	const float a = angle + radians(120.0) * float(gl_VertexIndex);

	gl_Position = vec4(radius * sin(a) * aspect, -radius * cos(a), 0.0, 1.0);
	colour = colours[gl_VertexIndex];
}
