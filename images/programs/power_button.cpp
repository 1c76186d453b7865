// Waits until the machine's power button is pressed, then ends with 0. Linux shows the ACPI button
// as an input device (drivers/acpi/button.c, driver "button"; the files come from "evdev").

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <linux/input.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace {

constexpr int devices_max = 16;

bool has_power_key(int fd) {
    unsigned char keys[KEY_MAX / 8 + 1] = {};
    if (ioctl(fd, EVIOCGBIT(EV_KEY, sizeof keys), keys) < 0) return false;
    return (keys[KEY_POWER / 8] & (1 << KEY_POWER % 8)) != 0;
}

int open_buttons(pollfd* buttons) {
    int count = 0;
    for (int index = 0; index < devices_max; ++index) {
        char path[32];
        snprintf(path, sizeof path, "/dev/input/event%d", index);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) continue;
        if (has_power_key(fd))
            buttons[count++] = {fd, POLLIN, 0};
        else
            close(fd);
    }
    return count;
}

bool is_press(int fd) {
    input_event event;
    if (read(fd, &event, sizeof event) != sizeof event) return false;
    return event.type == EV_KEY && event.code == KEY_POWER && event.value == 1;
}

}  // namespace

int main() {
    pollfd buttons[devices_max];
    int count = open_buttons(buttons);
    if (count == 0) {
        fprintf(stderr, "power-button: there is none\n");
        return 1;
    }
    for (;;) {
        if (poll(buttons, static_cast<nfds_t>(count), -1) < 0) {
            fprintf(stderr, "power-button: poll: %s\n", strerror(errno));
            return 1;
        }
        for (int i = 0; i < count; ++i) {
            if ((buttons[i].revents & (POLLERR | POLLHUP)) != 0) return 1;
            if ((buttons[i].revents & POLLIN) != 0 && is_press(buttons[i].fd)) return 0;
        }
    }
}
