#include "world/disk/open_disk.h"

#include <algorithm>
#include <cctype>

#include "world/disk/file_disk.h"
#include "world/disk/iscsi_disk.h"

namespace vmft {
namespace {

/// Up to the colon; empty when there is none, as in a path. One letter is no scheme.
std::string scheme_of(const std::string& url) {
    size_t colon = url.find(':');
    if (colon == std::string::npos || colon < 2) return {};
    std::string scheme = url.substr(0, colon);
    bool letters = std::all_of(scheme.begin(), scheme.end(), [](unsigned char c) {
        return std::isalnum(c) || c == '+' || c == '-' || c == '.';
    });
    return letters ? scheme : std::string();
}

/// `file:path` and `file:///path`.
std::string path_of_file_url(const std::string& url) {
    std::string path = url.substr(sizeof "file:" - 1);
    return path.starts_with("///") ? path.substr(2) : path;
}

}  // namespace

std::shared_ptr<OpenedDisk> open_disk(const std::string& url, const DiskOptions& options) {
    std::string scheme = scheme_of(url);
    if (scheme == "iscsi") return std::make_shared<IscsiDisk>(url, options);
    if (!scheme.empty() && scheme != "file")
        throw DiskFault("usage", url + " is not the URL of a disk",
                        "name a file, a block device, or iscsi://HOST/TARGET/LUN");
    std::string path = scheme == "file" ? path_of_file_url(url) : url;
    if (path.empty() || path.find('\0') != std::string::npos)
        throw DiskFault("usage", "the disk has no path", "name a file or a block device");
    return std::make_shared<FileDisk>(url, path, options);
}

}  // namespace vmft
